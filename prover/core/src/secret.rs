//! Field elements that are never printed and are wiped when they are dropped.

use crate::Fr;

/// A secret element: never printed, wiped when dropped.
#[derive(Clone)]
pub struct Secret(Fr);

impl Secret {
    /// Takes over `x`; the caller's copy is the caller's.
    pub fn new(x: Fr) -> Self {
        Secret(x)
    }

    /// The element.
    pub fn expose(&self) -> Fr {
        self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(std::slice::from_mut(&mut self.0));
    }
}

/// Secret elements: never printed, wiped when dropped and when they move to a larger place.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretVec(Vec<Fr>);

impl SecretVec {
    /// No element, room for `count`.
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Appends an element.
    pub fn push(&mut self, x: Fr) {
        if self.0.len() == self.0.capacity() {
            let mut larger = Self::with_capacity((2 * self.0.len()).max(8));
            larger.0.extend_from_slice(&self.0);
            // What is left behind here is wiped as it is dropped.
            *self = larger;
        }
        self.0.push(x);
    }
}

impl From<Vec<Fr>> for SecretVec {
    fn from(elements: Vec<Fr>) -> Self {
        Self(elements)
    }
}

impl std::ops::Deref for SecretVec {
    type Target = [Fr];

    fn deref(&self) -> &[Fr] {
        &self.0
    }
}

impl std::ops::DerefMut for SecretVec {
    fn deref_mut(&mut self) -> &mut [Fr] {
        &mut self.0
    }
}

impl Drop for SecretVec {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(elements: &mut [Fr]) {
    elements.fill(Fr::from(0));
    // The stores are not dead: the compiler must assume that they are read.
    std::hint::black_box(elements);
}

/// `Debug` of types that hold secrets: their name, and nothing of what is in them.
#[macro_export]
macro_rules! hide {
    ($($name:ident),* $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(not shown)"))
            }
        }
    )*};
}

hide!(SecretVec);
