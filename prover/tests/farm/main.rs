//! The farm on a real nats-server, with workers that are killed, that lie, and that are of another version.
//!
//! Needs nats-server, which `tools/nats-server --install` gets: `make test-farm`.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

#[allow(dead_code)] // the tests of the library use the rest
#[path = "../../farm/tests/jetstream/broker.rs"]
mod broker;
mod commands;
mod many;
#[allow(dead_code)]
#[path = "../../farm/tests/jetstream/world.rs"]
mod world;

use common::tiny;
