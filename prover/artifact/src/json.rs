use crate::ArtifactError;
#[cfg(feature = "files")]
use crate::{Secrecy, create, read, write};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, DeserializeSeed, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value};
use std::{fmt, io, marker::PhantomData, path::Path};
use zeroize::Zeroizing;

const KIND: &str = "kind";
const VERSION: &str = "version";

/// Writes [`encode_json`] of `value`.
///
/// Errors: those of [`encode_json`] and of [`write()`](crate::write()).
#[cfg(feature = "files")]
pub fn write_json<T: Serialize>(
    path: &Path,
    kind: &str,
    version: u32,
    value: &T,
    secrecy: Secrecy,
) -> Result<(), ArtifactError> {
    write(path, &encode_json(path, kind, version, value)?, secrecy)
}

/// [`write_json`] where no file may be yet: one that is there stays as it is, also when another
/// process makes it at the same time.
///
/// Errors: those of [`write_json`]; [`ArtifactError::Exists`].
#[cfg(feature = "files")]
pub fn create_json<T: Serialize>(
    path: &Path,
    kind: &str,
    version: u32,
    value: &T,
    secrecy: Secrecy,
) -> Result<(), ArtifactError> {
    create(path, &encode_json(path, kind, version, value)?, secrecy)
}

/// The bytes of `{"kind": …, "version": …, …the fields of value}`, indented, with a final newline.
/// They may be secret, so they are wiped when they are dropped.
///
/// The same value gives the same bytes as long as its maps are ordered (`BTreeMap`, not `HashMap`).
/// `origin` names the artifact in errors: a path, or whatever else it is known by.
///
/// Errors: [`ArtifactError::Encode`] when `value` is not an object or has a field `kind` or
/// `version` of its own.
pub fn encode_json<T: Serialize>(
    origin: &Path,
    kind: &str,
    version: u32,
    value: &T,
) -> Result<Zeroizing<Vec<u8>>, ArtifactError> {
    let encode = |reason| ArtifactError::Encode { path: origin.into(), reason };
    let value = serde_json::to_value(value).map_err(|error| encode(error.to_string()))?;
    let Value::Object(fields) = value else {
        return Err(encode("only an object with named fields can be a file".into()));
    };
    let mut object = Map::new();
    object.insert(KIND.into(), kind.into());
    object.insert(VERSION.into(), version.into());
    for (name, field) in fields {
        if name == KIND || name == VERSION {
            return Err(encode(format!("the field {name:?} is the file's own")));
        }
        object.insert(name, field);
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut length = Length(0);
    let encoded = serde_json::to_writer_pretty(&mut length, &object);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0 + 1));
    let encoded = encoded.and_then(|()| serde_json::to_writer_pretty(&mut *bytes, &object));
    object.values_mut().for_each(wipe);
    encoded.map_err(|error| encode(error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Overwrites the numbers and texts in `value`.
fn wipe(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::String(text) => drop(Zeroizing::new(std::mem::take(text))),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            *value = Value::Null;
            std::hint::black_box(value);
        }
    }
}

/// [`decode_json`] of the file at `path`, of at most `limit` bytes.
///
/// Errors: those of [`decode_json`] and of [`read`](crate::read).
#[cfg(feature = "files")]
pub fn read_json<T: DeserializeOwned>(
    path: &Path,
    kind: &str,
    version: u32,
    limit: u64,
) -> Result<T, ArtifactError> {
    decode_json(path, kind, version, &Zeroizing::new(read(path, limit)?))
}

/// The value that [`encode_json`] wrote, of this kind and version.
///
/// `T` sees neither `kind` nor `version`, so it may `deny_unknown_fields`. `origin` names the artifact
/// in errors.
///
/// Errors: [`ArtifactError::Json`] with line and column, [`ArtifactError::Kind`],
/// [`ArtifactError::Version`].
pub fn decode_json<T: DeserializeOwned>(
    origin: &Path,
    kind: &str,
    version: u32,
    bytes: &[u8],
) -> Result<T, ArtifactError> {
    let path = origin;
    let json = |error| json_error(path, error);
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(json)?;
    match envelope.kind {
        Some(found) if found == kind => {}
        found => {
            let found = match found {
                Some(found) => format!("a {:?} file", found.chars().take(80).collect::<String>()),
                None => "JSON without a \"kind\"".into(),
            };
            return Err(ArtifactError::Kind { path: path.into(), expected: kind.into(), found });
        }
    }
    if envelope.version != u64::from(version) {
        return Err(ArtifactError::Version {
            path: path.into(),
            kind: kind.into(),
            expected: version,
            found: envelope.version,
        });
    }
    let Fields(value) = serde_json::from_slice(bytes).map_err(json)?;
    Ok(value)
}

/// The two fields that every file has; read first, so that a wrong file is called wrong, and not
/// a right one with missing fields.
#[derive(Deserialize)]
struct Envelope {
    kind: Option<String>,
    #[serde(default)]
    version: u64,
}

/// All fields but those of [`Envelope`].
struct Fields<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor(PhantomData)).map(Self)
    }
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldsVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(WithoutEnvelope(fields)))
    }
}

struct WithoutEnvelope<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutEnvelope<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.0.next_key::<String>()? {
            if key == KIND || key == VERSION {
                self.0.next_value::<serde::de::IgnoredAny>()?;
            } else {
                return seed.deserialize(serde::de::value::StringDeserializer::new(key)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

fn json_error(path: &Path, error: serde_json::Error) -> ArtifactError {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let position = format!(" at line {line} column {column}");
    let message = message.strip_suffix(&position).unwrap_or(&message);
    ArtifactError::Json { path: path.into(), line, column, reason: without_value(message) }
}

/// serde quotes the value it did not like. The file may be a secret, so only what was expected
/// is kept: `invalid type: integer `7`, expected a string` → `invalid type, expected a string`.
///
/// A field that does not belong there is named if it looks like a name: a value may have slipped
/// into its place.
fn without_value(message: &str) -> String {
    let complaints = ["invalid type", "invalid value", "unknown variant", "unknown field"];
    let field = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    if let Some((name, _)) = field
        && (1..=40).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    {
        return message.into();
    }
    let complaint = complaints.iter().find(|complaint| message.starts_with(**complaint));
    match (complaint, message.rfind(", expected ")) {
        (Some(complaint), Some(expected)) => format!("{complaint}{}", &message[expected..]),
        (Some(complaint), None) => complaint.to_string(),
        (None, _) => message.into(),
    }
}
