//! Everything that is done to an accepted call.

use halo2curves::{
    CurveAffine,
    bn256::{Fq, G1Affine},
    ff::{Field, PrimeField},
    group::Curve,
};
use tessera_aggregate::layout::{
    PROOF_EVALUATIONS, PROOF_POINTS, SEGMENT_WORDS, SegmentPoint, SegmentScalar, deferred_words,
    proof_length,
};
use tessera_core::STATEMENT_WORDS;
use tessera_core::{Fr, to_be_bytes};

/// Selector, statement, offset and length of the proof.
pub const PROOF_START: usize = 4 + 32 * (STATEMENT_WORDS + 2);

/// A change to call data; `what` is for messages.
#[allow(dead_code)]
#[derive(Clone, Debug)]
pub enum Mutation {
    /// One bit.
    Bit { byte: usize, bit: u8 },
    /// The word at a byte.
    Word { at: usize, to: [u8; 32], what: &'static str },
    /// Two words or points, `length` bytes each, exchanged.
    Swap { a: usize, b: usize, length: usize },
    /// The point at a byte.
    Point { at: usize, to: [u8; 64], what: &'static str },
    /// Cut to a length; the length word of the proof says so or does not.
    Truncate { length: usize, admitted: bool },
    /// Bytes behind the end; the length word of the proof says so or does not.
    Extend { by: usize, with: u8, admitted: bool },
    /// `proof` that much further back, behind zeros.
    Shift { by: usize },
}

impl Mutation {
    /// The changed call.
    pub fn apply(&self, data: &[u8]) -> Vec<u8> {
        let mut data = data.to_vec();
        match self {
            Mutation::Bit { byte, bit } => data[*byte] ^= 1 << bit,
            Mutation::Word { at, to, .. } => data[*at..][..32].copy_from_slice(to),
            Mutation::Point { at, to, .. } => data[*at..][..64].copy_from_slice(to),
            Mutation::Swap { a, b, length } => {
                let first = data[*a..][..*length].to_vec();
                data.copy_within(*b..b + length, *a);
                data[*b..][..*length].copy_from_slice(&first);
            }
            Mutation::Truncate { length, admitted } => {
                data.truncate(*length);
                set_length(&mut data, *admitted);
            }
            Mutation::Extend { by, with, admitted } => {
                data.resize(data.len() + by, *with);
                set_length(&mut data, *admitted);
            }
            Mutation::Shift { by } => {
                let offset = PROOF_START - 64;
                let moved = (PROOF_START - 4 - 32 + by) as u64;
                data[offset + 24..][..8].copy_from_slice(&moved.to_be_bytes());
                data.splice(offset + 32..offset + 32, vec![0; *by]);
            }
        }
        data
    }
}

impl Mutation {
    /// The error that must name it, where one check of the contract is there for such a change. Most
    /// changes are refused by the pairing, or by the first check that they come to.
    pub fn named_by(&self, layout: &Layout) -> Option<&'static str> {
        let deferred = |at: &usize| *at < layout.outer;
        let scalar = |at: &usize| {
            (4..4 + 32 * STATEMENT_WORDS).contains(at)
                || *at >= PROOF_START && deferred(at)
                || layout.words.contains(at)
        };
        let above_r = ["all ones", "r", "q", "plus r", "plus q", "plus 2r"];
        let off_curve = ["off the curve", "beside the curve", "on another curve", "the identity"];
        match self {
            Mutation::Word { at, what, .. } if scalar(at) && above_r.contains(what) => {
                Some("WordNotInField")
            }
            // The key's points are hashed before they are looked at.
            Mutation::Point { at, what, .. } if off_curve.contains(what) => {
                let of_key = layout.key_points.contains(at);
                Some(if of_key { "ProofRejected" } else { "PointNotOnCurve" })
            }
            Mutation::Point { at, what, .. } if what.ends_with("plus q") => {
                Some(if deferred(at) { "WordNotInField" } else { "PointNotOnCurve" })
            }
            Mutation::Extend { admitted: false, .. } | Mutation::Shift { .. } => {
                Some("CalldataLayout")
            }
            Mutation::Extend { admitted: true, .. } => Some("ProofLength"),
            _ => None,
        }
    }
}

fn set_length(data: &mut [u8], admitted: bool) {
    if let Some(length) = data.len().checked_sub(PROOF_START).filter(|_| admitted) {
        data[PROOF_START - 8..PROOF_START].copy_from_slice(&(length as u64).to_be_bytes());
    }
}

/// Where the points and the single words of the proof are, in bytes of the call, and where the
/// aggregation proof begins.
pub struct Layout {
    pub points: Vec<usize>,
    pub words: Vec<usize>,
    /// Those of `points` that are in the model's digest.
    pub key_points: Vec<usize>,
    pub outer: usize,
}

impl Layout {
    pub fn new(segments: usize) -> Self {
        let outer = PROOF_START + 32 * deferred_words(segments);
        let mut layout = Layout { points: vec![], words: vec![], key_points: vec![], outer };
        let mut at = PROOF_START;
        let mut take = |list: &mut Vec<usize>, words: usize| {
            list.push(at);
            at += 32 * words;
        };
        take(&mut layout.words, 1);
        for _ in 0..segments {
            take(&mut layout.words, 1);
            SegmentPoint::ALL.iter().for_each(|_| take(&mut layout.points, 2));
            (0..SegmentScalar::COUNT).for_each(|_| take(&mut layout.words, 1));
        }
        (0..PROOF_POINTS - 2).for_each(|_| take(&mut layout.points, 2));
        (0..PROOF_EVALUATIONS).for_each(|_| take(&mut layout.words, 1));
        (0..2).for_each(|_| take(&mut layout.points, 2));
        layout.words.push(at);
        let of_segments = &layout.points[..segments * SegmentPoint::ALL.len()];
        layout.key_points = of_segments
            .chunks(SegmentPoint::ALL.len())
            .flat_map(|points| &points[..SegmentPoint::KEY])
            .copied()
            .collect();
        assert_eq!(at + 32, PROOF_START + proof_length(segments));
        layout
    }
}

/// Everything that is done to `data`, an accepted call; `bits` of each byte are flipped, one after
/// another from a place that depends on the byte.
pub fn all(data: &[u8], segments: usize, bits: u8) -> Vec<Mutation> {
    let mut all = Vec::new();
    for byte in 0..data.len() {
        let first = (byte * 5 + byte / 32) as u8;
        all.extend((0..bits).map(|i| Mutation::Bit { byte, bit: (first + i * 3) % 8 }));
    }
    let layout = Layout::new(segments);
    words(data, &mut all);
    points(data, &layout, &mut all);
    segments_as_wholes(segments, &mut all);
    lengths(data, &mut all);
    all.retain(|mutation| mutation.apply(data) != data);
    all
}

fn words(data: &[u8], all: &mut Vec<Mutation>) {
    for at in (4..data.len()).step_by(32) {
        let word: [u8; 32] = data[at..][..32].try_into().expect("32 bytes");
        let [r, q] = [modulus(&(-Fr::ONE).to_repr()), modulus((-Fq::ONE).to_repr().as_ref())];
        let less = |modulus: &[u8; 32]| add(modulus, &complement(&word)).0;
        let changes: [(&str, [u8; 32]); 11] = [
            ("zero", [0; 32]),
            ("one", to_be_bytes(&Fr::ONE)),
            ("all ones", [0xff; 32]),
            ("r", r),
            ("q", q),
            ("r − 1", to_be_bytes(&-Fr::ONE)),
            ("plus r", add(&word, &r).0),
            ("plus q", add(&word, &q).0),
            ("plus 2r", add(&add(&word, &r).0, &r).0),
            ("negated modulo r", add(&less(&r), &to_be_bytes(&Fr::ONE)).0),
            ("negated modulo q", add(&less(&q), &to_be_bytes(&Fr::ONE)).0),
        ];
        all.extend(changes.map(|(what, to)| Mutation::Word { at, to, what }));
        if at + 64 <= data.len() {
            all.push(Mutation::Swap { a: at, b: at + 32, length: 32 });
            let next = data[at + 32..][..32].try_into().expect("32 bytes");
            all.push(Mutation::Word { at, to: next, what: "its neighbour's" });
        }
    }
}

fn points(data: &[u8], layout: &Layout, all: &mut Vec<Mutation>) {
    let other = (G1Affine::generator() * Fr::from(0x7e55e7a)).to_affine();
    for (index, at) in layout.points.iter().copied().enumerate() {
        let point = read(&data[at..][..64]);
        let off = G1Affine { x: point.x, y: point.y + Fq::ONE };
        let beside = G1Affine { x: point.x + Fq::ONE, y: point.y };
        for (what, to) in [
            ("the generator", G1Affine::generator()),
            ("another point", other),
            ("its double", (point + point).to_affine()),
            ("its negative", -point),
            ("off the curve", off),
            ("beside the curve", beside),
            // Of order 2 on another curve, y² = x³ + b: what invalid-curve attacks start from.
            ("on another curve", G1Affine { x: point.x, y: Fq::ZERO }),
            ("the identity", G1Affine { x: Fq::ZERO, y: Fq::ZERO }),
        ] {
            all.push(Mutation::Point { at, to: written(&to), what });
        }
        // The same point, its coordinates written otherwise.
        let q = modulus((-Fq::ONE).to_repr().as_ref());
        for (what, axis) in [("x plus q", 0), ("y plus q", 32)] {
            let mut to: [u8; 64] = data[at..][..64].try_into().expect("64 bytes");
            let word = to[axis..][..32].try_into().expect("32 bytes");
            to[axis..][..32].copy_from_slice(&add(&word, &q).0);
            all.push(Mutation::Point { at, to, what });
        }
        if let Some(next) = layout.points.get(index + 1) {
            all.push(Mutation::Swap { a: at, b: *next, length: 64 });
        }
    }
    for pair in layout.words.windows(2) {
        all.push(Mutation::Swap { a: pair[0], b: pair[1], length: 32 });
    }
}

/// Accumulators exchanged, and one in the place of another.
fn segments_as_wholes(segments: usize, all: &mut Vec<Mutation>) {
    let length = 32 * SEGMENT_WORDS;
    for a in 0..segments {
        for b in a + 1..segments {
            let [a, b] = [a, b].map(|segment| PROOF_START + 32 + segment * length);
            all.push(Mutation::Swap { a, b, length });
        }
    }
}

fn lengths(data: &[u8], all: &mut Vec<Mutation>) {
    let whole = (4..data.len()).step_by(32).chain([0, 1, 3, PROOF_START - 1, data.len() - 1]);
    for length in whole {
        for admitted in [false, true] {
            all.push(Mutation::Truncate { length, admitted });
        }
    }
    for by in [1, 31, 32, 33, 64, 4096] {
        for with in [0, 0xff] {
            for admitted in [false, true] {
                all.push(Mutation::Extend { by, with, admitted });
            }
        }
        all.push(Mutation::Shift { by });
    }
}

fn read(bytes: &[u8]) -> G1Affine {
    let coordinate = |bytes: &[u8]| {
        let mut repr: [u8; 32] = bytes.try_into().expect("32 bytes");
        repr.reverse();
        Fq::from_repr(repr).expect("a coordinate")
    };
    G1Affine::from_xy(coordinate(&bytes[..32]), coordinate(&bytes[32..])).expect("on the curve")
}

fn written(point: &G1Affine) -> [u8; 64] {
    let mut bytes = [0; 64];
    for (word, x) in bytes.chunks_exact_mut(32).zip([point.x, point.y]) {
        word.copy_from_slice(&x.to_repr());
        word.reverse();
    }
    bytes
}

/// Big-endian, of the little-endian bytes of the modulus less one, which is even.
fn modulus(minus_one: &[u8]) -> [u8; 32] {
    let mut bytes: [u8; 32] = minus_one.try_into().expect("32 bytes");
    bytes.reverse();
    bytes[31] += 1;
    bytes
}

/// The sum modulo 2^256, and whether it wrapped.
fn add(a: &[u8; 32], b: &[u8; 32]) -> ([u8; 32], bool) {
    let (mut sum, mut carry) = ([0; 32], 0u16);
    for i in (0..32).rev() {
        carry += u16::from(a[i]) + u16::from(b[i]);
        sum[i] = carry as u8;
        carry >>= 8;
    }
    (sum, carry != 0)
}

/// `2^256 − 1 − word`.
fn complement(word: &[u8; 32]) -> [u8; 32] {
    word.map(|byte| !byte)
}
