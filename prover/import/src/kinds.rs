//! Files that are no model of a format that is imported, by the bytes that they start with: what they are,
//! and what to give instead.

use super::error::Fault;

/// What to give instead of a file of another format.
pub(crate) const KNOWN: &str = "give what XGBoost saves as .json or .ubj, LightGBM as .txt, CatBoost as .json, an ONNX file, PMML, or a scorecard or a table of \
                                coefficients as CSV";
const UNPACK: &str = "unpack it and give the model file that is inside";
/// How XGBoost's binary files become JSON. Version 3.1 reads the old one no more.
const RESAVE: &str = "load and save it with a version that reads both, python -m pip install \"xgboost<3.1\" \
                      (3.0 is the last): python -c \"import xgboost; model = xgboost.Booster(); \
                      model.load_model('model.model'); model.save_model('model.json')\"";
const SAVE_ITSELF: &str = "save the model itself: model.save_model(\"m.json\") for XGBoost, \
                           model.booster_.save_model(\"m.txt\") for LightGBM";
const TO_ONNX: &str = "export it with skl2onnx: skl2onnx.to_onnx(model, X[:1]), and write what its \
                       SerializeToString() gives to a file";
const FROM_EBM: &str = "train it with interactions=0, and write its terms as CSV: a row for each bin with the \
                        columns variable, bin, WoE (the term's score) and coefficient (1), and a row for the \
                        intercept";
const FROM_TORCH: &str =
    "export it: torch.onnx.export(model, example, \"m.onnx\", external_data=False)";
const FROM_KERAS: &str = "export it: model.export(\"m.onnx\", format=\"onnx\")";
const FROM_SHEET: &str = "save the sheet with the scorecard as CSV: a row for each bin, with the columns \
                          variable, bin, points";
const FROM_SAS: &str = "export the scorecard's table of points as CSV: characteristic, attribute, scorecard \
                        points";
const FROM_R: &str = "save the model itself: xgb.save(model, \"m.json\"), lgb.save(model, \"m.txt\"); or write \
                      a scorecard as CSV";
const FROM_H2O: &str = "train with XGBoost or LightGBM themselves, or write a scorecard as CSV: H2O's files \
                        hold code for its own runtime";
const FROM_TABLE: &str =
    "write it as CSV: pandas.read_parquet(\"m.parquet\").to_csv(\"m.csv\", index=False)";

/// Longest start of a file that is searched for a name.
const START: usize = 4096;

/// What a file is that is none of the imported formats.
pub(crate) fn other(bytes: &[u8]) -> Fault {
    let (found, hint) = recognise(bytes).unwrap_or(("not a model file that is known", KNOWN));
    Fault::Format { found, hint }
}

fn recognise(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let start = &bytes[..bytes.len().min(START)];
    let has = |word: &str| start.windows(word.len()).any(|window| window == word.as_bytes());
    let text = start.trim_ascii_start();
    let begins = |word: &str| {
        text.get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word.as_bytes()))
    };
    Some(match bytes {
        _ if text.is_empty() => ("an empty file", KNOWN),
        [0x80, 2..=5, ..] => pickle(&has),
        // The oldest kind of pickle is text.
        _ if start.starts_with(b"ccopy_reg\n") => pickle(&has),
        _ if text.starts_with(b"binf") || text.starts_with(b"bs64") => {
            ("XGBoost's old binary format", RESAVE)
        }
        // Before there were marks, it began with the base score, and names its parts in plain text.
        _ if has("binary:log") && (has("gbtree") || has("dart")) => {
            ("XGBoost's old binary format", RESAVE)
        }
        [b'P', b'K', 3 | 5, ..] => zip(&has),
        [0x1f, 0x8b, ..] => ("a gzip file", UNPACK),
        [b'B', b'Z', b'h', ..] => ("a bzip2 file", UNPACK),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => ("an xz file", UNPACK),
        // The way in which zlib and lzma start, as joblib compresses.
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] | [0x5d, 0, 0, ..] => {
            ("a compressed pickle, perhaps of joblib", TO_ONNX)
        }
        [_, _, _, _, _, _, _, _, b'{', ..] if has("data_offsets") => {
            ("a file of safetensors, which has weights and no model", FROM_TORCH)
        }
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => ("a file of TensorFlow Lite", FROM_KERAS),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => ("an array of numpy", SAVE_ITSELF),
        _ if start.get(257..262) == Some(b"ustar") => ("a tar archive", UNPACK),
        _ if start.starts_with(b"$FL2") => ("a data set of SPSS", FROM_SHEET),
        _ if begins("<stata_dta") => ("a data set of Stata", FROM_SHEET),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("a zstd file", UNPACK),
        [b'7', b'z', 0xbc, 0xaf, ..] => ("a 7z file", UNPACK),
        [b'C', b'B', b'M', b'1', ..] => (
            "CatBoost's binary format",
            "save it as JSON: model.save_model(\"m.json\", format=\"json\")",
        ),
        [0x89, b'H', b'D', b'F', ..] => ("an HDF5 file, perhaps of Keras", FROM_KERAS),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => ("a spreadsheet of Excel", FROM_SHEET),
        [b'P', b'A', b'R', b'1', ..] => ("a Parquet file", FROM_TABLE),
        [b'R', b'D', b'X' | b'A', ..] | [b'X' | b'A', b'\n', 0 | b'2' | b'3', ..] => {
            ("a file of R", FROM_R)
        }
        _ if start.starts_with(&[0; 12]) && has("SAS FILE") => ("a data set of SAS", FROM_SAS),
        _ if has("hex.genmodel") => ("a MOJO or POJO of H2O", FROM_H2O),
        _ if begins("data ") || begins("proc ") || begins("/*") && has(";") => {
            ("a program of SAS", FROM_SAS)
        }
        _ if begins("%PDF") => ("a PDF", FROM_SHEET),
        _ if text.starts_with(b"[")
            || text.starts_with(b"booster[")
            || text.starts_with(b"0:[") =>
        {
            ("a dump of trees, perhaps XGBoost's", SAVE_ITSELF)
        }
        _ if text.starts_with(b"<") => ("XML or HTML, but not PMML", KNOWN),
        _ => return None,
    })
}

/// A pickle, by the names of the modules in it.
fn pickle(has: &dyn Fn(&str) -> bool) -> (&'static str, &'static str) {
    if has("interpret") {
        ("a pickle of InterpretML", FROM_EBM)
    } else if has("lightgbm") || has("xgboost") {
        ("a pickle of XGBoost or LightGBM", SAVE_ITSELF)
    } else if has("sklearn") {
        ("a pickle of scikit-learn", TO_ONNX)
    } else if has("torch") {
        ("a pickle of torch", FROM_TORCH)
    } else {
        ("a Python pickle", SAVE_ITSELF)
    }
}

/// A zip archive, by the names of the files in it.
fn zip(has: &dyn Fn(&str) -> bool) -> (&'static str, &'static str) {
    if has("xl/") || has("[Content_Types].xml") {
        ("a spreadsheet of Excel", FROM_SHEET)
    } else if has("mimetypeapplication/vnd.oasis") {
        ("a spreadsheet", FROM_SHEET)
    } else if has("data.pkl") || has("byteorder") {
        ("a file of torch", FROM_TORCH)
    } else if has("model.ini") || has("hex/genmodel") {
        ("a MOJO or POJO of H2O", FROM_H2O)
    } else if has("sklearn") {
        ("a file of skops", TO_ONNX)
    } else if has("model.weights.h5") {
        ("a file of Keras", FROM_KERAS)
    } else {
        ("a zip file", UNPACK)
    }
}
