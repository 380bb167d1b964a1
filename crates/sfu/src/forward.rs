//! Forwarding: what publishers send, and how it becomes what subscribers get.

pub(crate) mod packet;
