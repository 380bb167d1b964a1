//! What the parts of Kaigi, and its clients, agree on.
//!
//! [`vocabulary`] holds names, identifiers, limits and error codes; the room core sees nothing else of
//! this crate. [`wire`] holds the messages of the Socket.IO namespace `/meet`, from which the SDK's
//! TypeScript types are generated (`web/sdk/src/wire.gen.ts`, checked by a test of this crate).

pub mod vocabulary;
pub mod wire;
