//! Every test of the crate in one program: a file for each format or subject.

mod common;
mod onnx_file;

mod cases;
mod coefficients;
mod examples;
mod expected;
mod forests;
mod golden;
mod hostile;
mod hostile_catboost;
mod hostile_lightgbm;
mod hostile_onnx;
mod hostile_onnx_size;
mod hostile_pmml;
mod onnx;
mod pmml;
mod scorecard;
mod traps;
