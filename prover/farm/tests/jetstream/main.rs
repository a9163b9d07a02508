//! The farm on a real nats-server, with workers that are killed, that lie, and that are of another version.
//!
//! Needs nats-server, which `tools/nats-server --install` gets: `make test-farm`.
#![cfg(unix)]

#[allow(dead_code)] // the tests of the commands use the rest
mod broker;
mod faults;
mod liar;
mod liars;
mod losses;
mod members;
mod slow;
#[path = "../../../tests/common/tiny.rs"]
mod tiny;
mod turns;
mod words;
mod world;
