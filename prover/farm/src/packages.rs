//! Packages on the broker: sealed, by the digest of what is sealed, in a store for each tenant.

use crate::{
    FarmError, FarmKey, FarmPublicKey,
    access::Asking,
    layout::Tenant,
    seal::{self, Purpose},
};
use async_nats::jetstream::{
    self,
    object_store::{self, ObjectInfo, ObjectStore},
    stream::{StorageType, Stream},
};
use std::{path::Path, time::Duration};
use tessera_artifact::Sha256Digest;
use tessera_model::Package;

/// Packages are some megabytes; nothing near this is one.
const LIMIT: usize = 256 << 20;
/// A package that is replaced while it is read is read anew, so often.
const READS: u32 = 3;
const AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// A tenant's packages.
#[derive(Clone)]
pub(crate) struct Store {
    objects: ObjectStore,
    /// The stream that the store is, for reading it part by part.
    parts: Stream,
    bucket: String,
}

impl Store {
    /// The store of `tenant`; made, if it is not there.
    pub async fn open(
        context: &jetstream::Context,
        asking: &Asking,
        tenant: &Tenant,
    ) -> Result<Self, FarmError> {
        if let Ok(store) = Self::find(context, asking, tenant).await {
            return Ok(store);
        }
        let config = object_store::Config {
            bucket: tenant.packages_bucket(),
            max_age: AGE,
            max_bytes: 512 << 20,
            storage: StorageType::File,
            num_replicas: 1,
            ..Default::default()
        };
        asking.ask("cannot make a store of packages", context.create_object_store(config)).await?;
        Self::find(context, asking, tenant).await
    }

    /// The store of `tenant`, if it is there.
    pub async fn find(
        context: &jetstream::Context,
        asking: &Asking,
        tenant: &Tenant,
    ) -> Result<Self, FarmError> {
        let action = "cannot open the store of packages";
        let bucket = tenant.packages_bucket();
        let objects = asking.ask(action, context.get_object_store(&bucket)).await?;
        let parts = asking.ask(action, context.get_stream(tenant.packages_stream())).await?;
        Ok(Self { objects, parts, bucket })
    }

    /// Puts `package` into the store. One that is there stays, unless it has to be made anew because a
    /// worker found it damaged.
    pub async fn put(
        &self,
        asking: &Asking,
        key: &FarmPublicKey,
        package: &Package,
        anew: bool,
    ) -> Result<(), FarmError> {
        let name = package.digest().to_string();
        if !anew && self.objects.info(&name).await.is_ok() {
            return Ok(());
        }
        let plain = package.to_bytes()?;
        let sealed = seal::seal(&key.0, Purpose::Package, &name, &plain)
            .map_err(FarmError::broker("cannot seal the package"))?;
        let mut bytes = sealed.as_slice();
        let put = self.objects.put(name.as_str(), &mut bytes);
        asking.ask("cannot store the package", put).await.map(|_| ())
    }

    /// The package of `digest`, checked; the reason, if there is none that is whole.
    pub async fn get(&self, key: &FarmKey, digest: Sha256Digest) -> Result<Package, String> {
        let name = digest.to_string();
        let damaged = |what: &str| format!("the package {digest} is damaged in the store: {what}");
        let sealed = self.read(&name).await.map_err(|reason| match reason {
            Unread::NotThere(reason) => {
                format!("the package {digest} is not in the store: {reason}")
            }
            Unread::Damaged(reason) => damaged(&reason),
        })?;
        let opened = seal::open(&key.0, Purpose::Package, &name, &sealed);
        let plain = opened.map_err(|error| damaged(&error.to_string()))?;
        let package = Package::from_bytes(Path::new("package"), &plain)
            .map_err(|_| damaged("it cannot be read"))?;
        match package.digest() == digest {
            true => Ok(package),
            false => Err(damaged("it has another digest")),
        }
    }

    /// The bytes under `name`. Asks for one part after the other, and each request has an answer: a reader
    /// that waits for parts to be sent would wait for ever for those of a package that is being replaced.
    async fn read(&self, name: &str) -> Result<Vec<u8>, Unread> {
        let mut reason = Unread::NotThere("no such object".into());
        for _ in 0..READS {
            let info = self.objects.info(name).await;
            let info = info.map_err(|error| Unread::NotThere(error.to_string()))?;
            match self.parts_of(&info).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    async fn parts_of(&self, info: &ObjectInfo) -> Result<Vec<u8>, Unread> {
        if info.size > LIMIT {
            return Err(Unread::Damaged("it is too large".into()));
        }
        let subject = format!("$O.{}.C.{}", self.bucket, info.nuid);
        let mut bytes = Vec::with_capacity(info.size);
        let mut sequence = 1;
        for part in 0..info.chunks {
            let next = self.parts.direct_get_next_for_subject(subject.as_str(), Some(sequence));
            let next = next.await.map_err(|error| {
                Unread::Damaged(format!("part {part} of {}: {error}", info.chunks))
            })?;
            bytes.extend_from_slice(&next.payload);
            sequence = next.sequence + 1;
            if bytes.len() > info.size {
                break;
            }
        }
        match bytes.len() == info.size {
            true => Ok(bytes),
            false => Err(Unread::Damaged("it has another length".into())),
        }
    }
}

/// Why a package was not read.
enum Unread {
    NotThere(String),
    Damaged(String),
}
