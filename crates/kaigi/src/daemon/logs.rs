//! `kaigi logs`: the end of a log file, and what is written to it from then on.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// What is read from the end at most, however many lines are wanted.
const MOST: u64 = 4 << 20;
const LOOK: Duration = Duration::from_millis(200);

/// Prints the last `lines`; with `follow`, goes on until interrupted or nobody reads any more.
pub fn show(log: &Path, lines: usize, follow: bool) -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot read the log {}: {error}", log.display());
    let mut file = File::open(log).map_err(failed)?;
    let text = tail(&mut file, lines).map_err(failed)?;
    let mut out = io::stdout().lock();
    let mut write = |text: &[u8]| out.write_all(text).and_then(|()| out.flush()).is_ok();
    if !write(&text) || !follow {
        return Ok(());
    }
    loop {
        let mut more = Vec::new();
        Read::by_ref(&mut file).take(MOST).read_to_end(&mut more).map_err(failed)?;
        if !more.is_empty() {
            if !write(&more) {
                return Ok(());
            }
            continue;
        }
        std::thread::sleep(LOOK);
        // A full log is renamed, and a new one begun; what was written to the old one has been read.
        let same =
            |file: &File, path: &Path| Ok::<_, io::Error>(file.metadata()?.ino() == path.metadata()?.ino());
        if same(&file, log).is_ok_and(|same| !same)
            && file.stream_position().ok() == file.metadata().ok().map(|of| of.len())
        {
            file = File::open(log).map_err(failed)?;
        }
    }
}

fn tail(file: &mut File, lines: usize) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let end = text.strip_suffix(b"\n").map_or(text.len(), <[u8]>::len);
    let newlines = text[..end].iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    let start = match lines {
        0 => text.len(),
        lines => newlines.map(|(at, _)| at + 1).nth(lines - 1).unwrap_or(0),
    };
    Ok(text.split_off(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_whole() {
        let scratch = tempfile::NamedTempFile::new().unwrap();
        let shown = |text: &str, lines| {
            std::fs::write(scratch.path(), text).unwrap();
            String::from_utf8(tail(&mut File::open(scratch.path()).unwrap(), lines).unwrap()).unwrap()
        };
        assert_eq!(shown("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(shown("a\nb\nc", 1), "c");
        assert_eq!(shown("a\nb\n", 9), "a\nb\n");
        assert_eq!(shown("a\n", 0), "");
        assert_eq!(shown("", 3), "");
    }
}
