//! What `kaigi doctor` has to know of the inside: how to get into a server's own TURN, and what the server asks of
//! the system.

use std::{io, path::Path, time::Duration};

pub use kaigi_worker::{Offload, SOCKET_BUFFER, offload};

use crate::{
    minter::Minter,
    secrets::{self, Secrets},
};

/// A TURN credential of the server whose secret is in this folder. `None` if there is no secret yet: none is made.
pub fn turn_credential(
    data_dir: &Path,
    name: &str,
    lifetime: Duration,
) -> io::Result<Option<(String, String)>> {
    if !data_dir.join(secrets::FILE).try_exists()? {
        return Ok(None);
    }
    let minted = Minter::new(&Secrets::open(data_dir)?, None).mint(name, lifetime);
    Ok(Some((minted.username, minted.credential)))
}
