//! Man pages and shell completions, made from the command line as it is.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;

/// `kaigi.1`, and a page for each command that is shown.
pub fn man(dir: &Path) -> Result<(), String> {
    fs::create_dir_all(dir)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), dir))
        .map_err(|error| format!("cannot write man pages to {}: {error}", dir.display()))
}

/// For bash, zsh and fish, each under the name its shell looks for.
pub fn completions(dir: &Path) -> Result<(), String> {
    let write = || -> io::Result<()> {
        fs::create_dir_all(dir)?;
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            clap_complete::generate_to(shell, &mut Cli::command(), "kaigi", dir)?;
        }
        Ok(())
    };
    write().map_err(|error| format!("cannot write completions to {}: {error}", dir.display()))
}
