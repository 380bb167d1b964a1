//! The real binary, as a person at a shell meets it.

mod cli;
mod daemon;
mod doctor;
mod service;
mod serving;
mod setup;
mod support;
