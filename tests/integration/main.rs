//! The program, as a user runs it, and the shape of its source.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test that cannot go on has failed, and tests run the program and set its environment"
)]

mod accept;
mod action;
mod architecture;
mod asking;
mod capabilities;
mod commands;
mod custom;
mod discovery;
mod evaluate;
mod exit_codes;
mod faults;
mod gaps;
mod health;
mod held;
mod history;
mod hostile;
mod local_faults;
mod local_services;
mod mutation;
mod reports;
mod requests;
mod resolve;
mod rules;
#[path = "../services/mod.rs"]
mod services;
mod support;
mod trust;
mod update;
mod wire;
mod wrong_policies;
