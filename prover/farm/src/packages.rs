//! Packages on the broker: sealed, by the digest of what is sealed.

use crate::{
    FarmError, FarmKey, FarmPublicKey,
    access::Farm,
    seal::{self, Purpose},
};
use std::{path::Path, time::Duration};
use tessera_artifact::Sha256Digest;
use tessera_model::Package;
use tokio::io::AsyncReadExt;

/// Packages are some megabytes; nothing near this is one.
const LIMIT: u64 = 256 << 20;
/// How long a package may take to come. One that is replaced while it is read never ends: its parts are gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// Puts `package` into the store. One that is there stays, unless it has to be made anew because a worker
/// found it damaged.
pub async fn put(
    farm: &Farm,
    key: &FarmPublicKey,
    package: &Package,
    anew: bool,
) -> Result<(), FarmError> {
    let name = package.digest().to_string();
    let store = &farm.streams.packages;
    if !anew && store.info(&name).await.is_ok() {
        return Ok(());
    }
    let plain = package.to_bytes()?;
    let sealed = seal::seal(&key.0, Purpose::Package, &name, &plain)
        .map_err(FarmError::broker("cannot seal the package"))?;
    let put = store.put(name.as_str(), &mut sealed.as_slice()).await;
    put.map(|_| ()).map_err(FarmError::broker("cannot store the package"))
}

/// The package of `digest`, checked; the reason, if there is none that is whole.
pub async fn get(farm: &Farm, key: &FarmKey, digest: Sha256Digest) -> Result<Package, String> {
    let name = digest.to_string();
    let mut object = match farm.streams.packages.get(&name).await {
        Ok(object) => object,
        Err(error) => return Err(format!("the package {digest} is not in the store: {error}")),
    };
    let damaged = |what: &str| format!("the package {digest} is damaged in the store: {what}");
    if object.info().size as u64 > LIMIT {
        return Err(damaged("it is too large"));
    }
    let mut sealed = Vec::with_capacity(object.info().size);
    match tokio::time::timeout(PATIENCE, object.read_to_end(&mut sealed)).await {
        Ok(read) => read.map_err(|error| damaged(&error.to_string()))?,
        Err(_) => return Err(damaged("it does not come to an end")),
    };
    let opened = seal::open(&key.0, Purpose::Package, &name, &sealed);
    let plain = opened.map_err(|error| damaged(&error.to_string()))?;
    let package = Package::from_bytes(Path::new("package"), &plain)
        .map_err(|_| damaged("it cannot be read"))?;
    match package.digest() == digest {
        true => Ok(package),
        false => Err(damaged("it has another digest")),
    }
}
