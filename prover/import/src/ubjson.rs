//! UBJSON (draft 12), in which XGBoost saves by default, as the JSON text that it stands for.
//!
//! Numbers become the shortest text that reads back as the same number, so nothing is rounded on the way.

use super::error::Fault;
use std::io::Write;

/// Deepest nesting.
const MAX_DEPTH: usize = 64;
/// Longest text that is made, in bytes.
const MAX_TEXT: usize = 1 << 30;

/// The JSON text of a UBJSON file.
pub(super) fn to_json(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut reader = Reader { bytes, at: 0, out: Vec::with_capacity(bytes.len().min(1 << 20)) };
    let marker = reader.marker()?;
    reader.value(marker, 0)?;
    while reader.bytes.get(reader.at) == Some(&b'N') {
        reader.at += 1;
    }
    match reader.at == bytes.len() {
        true => Ok(reader.out),
        false => Err(reader.fault("the file goes on after its value")),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    out: Vec<u8>,
}

/// What a container says of its items.
struct Container {
    /// The type of all items, if it is one.
    kind: Option<u8>,
    /// Their number, if it is given; else the container ends with a mark.
    count: Option<usize>,
}

impl Reader<'_> {
    fn fault(&self, fault: &str) -> Fault {
        Fault::malformed(format!("byte {}", self.at), fault)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let bytes = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        let bytes = *bytes.ok_or_else(|| self.fault("the file ends here"))?;
        self.at += N;
        Ok(bytes)
    }

    /// The next mark that stands for something.
    fn marker(&mut self) -> Result<u8, Fault> {
        loop {
            let [marker] = self.take()?;
            if marker != b'N' {
                return Ok(marker);
            }
        }
    }

    fn put(&mut self, text: &[u8]) -> Result<(), Fault> {
        if self.out.len() + text.len() > MAX_TEXT {
            return Err(self.fault("the model is too large"));
        }
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn number(&mut self, number: impl std::fmt::Display) -> Result<(), Fault> {
        let mut text = [0u8; 400];
        let mut room = &mut text[..];
        let written = write!(room, "{number}").is_ok();
        let left = room.len();
        if !written {
            return Err(self.fault("a number that is too long"));
        }
        let length = text.len() - left;
        self.put(&text[..length])
    }

    fn float(&mut self, number: f64, text: impl std::fmt::Display) -> Result<(), Fault> {
        if number.is_finite() { self.number(text) } else { self.put(b"null") }
    }

    /// A length or a count.
    fn length(&mut self) -> Result<usize, Fault> {
        let marker = self.marker()?;
        let length = match marker {
            b'i' => i64::from(i8::from_be_bytes(self.take()?)),
            b'U' => i64::from(u8::from_be_bytes(self.take()?)),
            b'I' => i64::from(i16::from_be_bytes(self.take()?)),
            b'l' => i64::from(i32::from_be_bytes(self.take()?)),
            b'L' => i64::from_be_bytes(self.take()?),
            _ => return Err(self.fault("a length that is not an integer")),
        };
        usize::try_from(length).map_err(|_| self.fault("a length below 0"))
    }

    /// A text, whose length comes next, in quotes.
    fn text(&mut self) -> Result<(), Fault> {
        let length = self.length()?;
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.fault("a text runs past the end"))?;
        let text = std::str::from_utf8(&self.bytes[self.at..end]);
        let text = text.map_err(|_| self.fault("a text is not UTF-8"))?;
        let quoted = serde_json::to_vec(text).map_err(Fault::from)?;
        self.at = end;
        self.put(&quoted)
    }

    fn container(&mut self) -> Result<Container, Fault> {
        let mut of = Container { kind: None, count: None };
        if self.bytes.get(self.at) == Some(&b'$') {
            self.at += 1;
            let [kind] = self.take()?;
            // Each item takes room in the file, so that a count is no promise of more than there is.
            if !matches!(
                kind,
                b'i' | b'U' | b'I' | b'l' | b'L' | b'd' | b'D' | b'C' | b'S' | b'[' | b'{'
            ) {
                return Err(self.fault("items of a type that takes no room"));
            }
            of.kind = Some(kind);
            if self.bytes.get(self.at) != Some(&b'#') {
                return Err(self.fault("items of one type without their number"));
            }
        }
        if self.bytes.get(self.at) == Some(&b'#') {
            self.at += 1;
            let count = self.length()?;
            if count > self.bytes.len() - self.at {
                return Err(self.fault("more items than there are bytes"));
            }
            of.count = Some(count);
        }
        Ok(of)
    }

    /// Whether the container goes on after `read` items; passes its end.
    fn goes_on(&mut self, of: &Container, read: usize, end: u8) -> Result<bool, Fault> {
        if let Some(count) = of.count {
            return Ok(read < count);
        }
        while self.bytes.get(self.at) == Some(&b'N') {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            None => Err(self.fault("the file ends here")),
            Some(mark) if *mark == end => {
                self.at += 1;
                Ok(false)
            }
            Some(_) => Ok(true),
        }
    }

    fn value(&mut self, marker: u8, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault("it is nested too deeply"));
        }
        match marker {
            b'Z' => self.put(b"null"),
            b'T' => self.put(b"true"),
            b'F' => self.put(b"false"),
            b'i' => {
                let number = i8::from_be_bytes(self.take()?);
                self.number(number)
            }
            b'U' => {
                let [number] = self.take()?;
                self.number(number)
            }
            b'I' => {
                let number = i16::from_be_bytes(self.take()?);
                self.number(number)
            }
            b'l' => {
                let number = i32::from_be_bytes(self.take()?);
                self.number(number)
            }
            b'L' => {
                let number = i64::from_be_bytes(self.take()?);
                self.number(number)
            }
            b'd' => {
                let number = f32::from_be_bytes(self.take()?);
                self.float(f64::from(number), format_args!("{number:?}"))
            }
            b'D' => {
                let number = f64::from_be_bytes(self.take()?);
                self.float(number, format_args!("{number:?}"))
            }
            b'C' => {
                let [byte] = self.take()?;
                let quoted = serde_json::to_vec(&char::from(byte)).map_err(Fault::from)?;
                self.put(&quoted)
            }
            b'S' => self.text(),
            b'[' => {
                self.put(b"[")?;
                let of = self.container()?;
                let mut read = 0;
                while self.goes_on(&of, read, b']')? {
                    if read > 0 {
                        self.put(b",")?;
                    }
                    let marker = of.kind.map_or_else(|| self.marker(), Ok)?;
                    self.value(marker, depth + 1)?;
                    read += 1;
                }
                self.put(b"]")
            }
            b'{' => {
                self.put(b"{")?;
                let of = self.container()?;
                let mut read = 0;
                while self.goes_on(&of, read, b'}')? {
                    if read > 0 {
                        self.put(b",")?;
                    }
                    self.text()?;
                    self.put(b":")?;
                    let marker = of.kind.map_or_else(|| self.marker(), Ok)?;
                    self.value(marker, depth + 1)?;
                    read += 1;
                }
                self.put(b"}")
            }
            _ => {
                self.at -= 1;
                Err(self.fault("this is not UBJSON"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(bytes: &[u8]) -> Result<String, String> {
        let text = to_json(bytes).map_err(|fault| fault.to_string())?;
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn every_kind_of_value() {
        for (bytes, text) in [
            (&b"{}"[..], "{}"),
            (b"{i\x01aSi\x02b\"}", r#"{"a":"b\""}"#),
            (b"{U\x01aTU\x01bFU\x01cZ}", r#"{"a":true,"b":false,"c":null}"#),
            (b"[i\xffU\xffI\x80\x00l\x80\x00\x00\x00]", "[-1,255,-32768,-2147483648]"),
            (b"[L\x80\x00\x00\x00\x00\x00\x00\x00]", "[-9223372036854775808]"),
            (b"[$d#i\x02\x3d\xcc\xcc\xcd\x7f\x80\x00\x00", "[0.1,null]"),
            (b"[D\x3f\xb9\x99\x99\x99\x99\x99\x9aCx]", r#"[0.1,"x"]"#),
            (b"[#i\x02NTF", "[true,false]"),
            (b"{#i\x01i\x01a[$U#i\x00", r#"{"a":[]}"#),
        ] {
            assert_eq!(json(bytes).as_deref(), Ok(text), "{bytes:?}");
        }
    }

    #[test]
    fn what_promises_more_than_there_is() {
        for (bytes, fault) in [
            (&b"{"[..], "ends here"),
            (b"{L\x7f\xff\xff\xff\xff\xff\xff\xff", "runs past the end"),
            (b"{i\xff", "below 0"),
            (b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", "more items than there are bytes"),
            (b"[$Z#l\x7f\xff\xff\xff", "takes no room"),
            (b"[$di\x02", "without their number"),
            (b"{}x", "goes on"),
            (b"[?]", "not UBJSON"),
            (b"{i\x01\xff", "UTF-8"),
            (&[b'['; 100], "too deeply"),
        ] {
            let found = json(bytes).unwrap_err();
            assert!(found.contains(fault), "{found}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = to_json(&[b"{".as_slice(), &bytes].concat());
        }

        #[test]
        fn floats_are_the_same_numbers(bits in any::<u32>()) {
            let number = f32::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = json(&[b"d".as_slice(), &number.to_be_bytes()].concat()).unwrap();
            prop_assert_eq!(text.parse::<f32>().unwrap().to_bits(), bits);
        }
    }
}
