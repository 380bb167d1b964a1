//! What `kaigi doctor` has to know of the inside: how to get into a server's own TURN, and what the server asks of
//! the system.

use std::{
    io,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use kaigi_turn::{Minted, SharedSecret};
pub use kaigi_udp::{Offload, offload};

use crate::secrets::{self, Secrets};

/// Bytes each media socket asks the system to keep, each way.
pub const SOCKET_BUFFER: usize = 4 << 20;

/// A TURN credential of the server whose secret is in this folder. `None` if there is no secret yet: none is made.
pub fn turn_credential(
    data_dir: &Path,
    name: &str,
    lifetime: Duration,
) -> io::Result<Option<(String, String)>> {
    if !data_dir.join(secrets::FILE).try_exists()? {
        return Ok(None);
    }
    let secret = SharedSecret::new(Secrets::open(data_dir)?.derive("turn credentials"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let Minted { username, password } = secret.mint(name, (now + lifetime).as_secs());
    Ok(Some((username, password)))
}
