//! Access tokens: JSON Web Tokens (RFC 7519) with which an application says who comes into which room, and as what.
//! docs/api.md explains them to those who make them.

mod claims;
mod keys;

pub use claims::{Claims, Publish, Role, See};
pub use keys::{KeyProblem, Keys, TokenError};
