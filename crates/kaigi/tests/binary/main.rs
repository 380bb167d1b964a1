//! The real binary, as a person at a shell meets it.

mod cli;
mod doctor;
mod serving;
mod support;
