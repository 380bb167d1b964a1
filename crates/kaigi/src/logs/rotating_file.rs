//! A log file that makes way for a new one every day or when it is full, keeping the last few.
//!
//! `kaigi.log` is always the current one; `kaigi.log.1` is the one before, and so on.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// When a new file is begun, and how many old ones stay.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The file's greatest length, if any.
    pub bytes: Option<u64>,
    /// Whether a new day (UTC) begins a new file.
    pub daily: bool,
    /// Old files besides the current one.
    pub keep: usize,
}

/// Expects a whole line with every write, which is how the log's own thread writes.
#[derive(Debug)]
pub struct RotatingFile<C> {
    path: PathBuf,
    limits: Limits,
    clock: C,
    file: File,
    length: u64,
    /// Of the lines in the file, counted from 1970.
    day: u64,
    /// A failure to rotate is told once, not with every line.
    failed: bool,
}

impl<C: Fn() -> SystemTime> RotatingFile<C> {
    /// Goes on with an existing file; `clock` tells the time of each line.
    pub fn open(path: &Path, limits: Limits, clock: C) -> io::Result<Self> {
        let file = append(path)?;
        let metadata = file.metadata()?;
        let written = if metadata.len() > 0 { metadata.modified()? } else { clock() };
        Ok(Self {
            path: path.to_owned(),
            limits,
            clock,
            file,
            length: metadata.len(),
            day: day(written),
            failed: false,
        })
    }

    fn is_over(&self, line: usize, today: u64) -> bool {
        let full = self.limits.bytes.is_some_and(|limit| self.length + line as u64 > limit);
        self.length > 0 && (full || (self.limits.daily && today != self.day))
    }

    fn rotate(&mut self) -> io::Result<()> {
        let Limits { keep, .. } = self.limits;
        if keep == 0 {
            fs::remove_file(&self.path)?;
        }
        for number in (0..keep).rev() {
            match fs::rename(self.numbered(number), self.numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        // Of a time when more were kept.
        for number in keep + 1.. {
            if fs::remove_file(self.numbered(number)).is_err() {
                break;
            }
        }
        self.file = append(&self.path)?;
        self.length = self.file.metadata()?.len();
        Ok(())
    }

    /// 0 is the current file.
    fn numbered(&self, number: usize) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}"));
        name.into()
    }
}

impl<C: Fn() -> SystemTime> Write for RotatingFile<C> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let today = day((self.clock)());
        if self.is_over(line.len(), today) {
            match self.rotate() {
                Ok(()) => self.failed = false,
                // Going on in the full file loses nothing; the log is the wrong place to say so.
                Err(error) if !self.failed => {
                    self.failed = true;
                    eprintln!("kaigi: cannot begin a new log file after {}: {error}", self.path.display());
                }
                Err(_) => {}
            }
        }
        self.day = today;
        let written = self.file.write(line)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

fn day(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / DAY.as_secs()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    struct Folder {
        dir: tempfile::TempDir,
        now: Rc<Cell<SystemTime>>,
    }

    impl Folder {
        fn new() -> Self {
            Self { dir: tempfile::tempdir().unwrap(), now: Rc::new(Cell::new(SystemTime::now())) }
        }

        fn open(
            &self,
            bytes: Option<u64>,
            daily: bool,
            keep: usize,
        ) -> RotatingFile<impl Fn() -> SystemTime + use<>> {
            let now = self.now.clone();
            let limits = Limits { bytes, daily, keep };
            RotatingFile::open(&self.dir.path().join("log"), limits, move || now.get()).unwrap()
        }

        fn pass(&self, time: Duration) {
            self.now.set(self.now.get() + time);
        }

        /// Names and contents, sorted.
        fn files(&self) -> Vec<(String, String)> {
            let entries = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap());
            let mut files: Vec<_> = entries
                .map(|entry| {
                    let content = fs::read_to_string(entry.path()).unwrap();
                    (entry.file_name().into_string().unwrap(), content)
                })
                .collect();
            files.sort();
            files
        }
    }

    fn files(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
    }

    #[test]
    fn a_full_file_makes_way_and_only_the_last_few_are_kept() {
        let folder = Folder::new();
        let mut log = folder.open(Some(4), false, 2);
        for line in ["a1\n", "b\n", "c\n", "dddddddd\n", "e\n", "f\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(folder.files(), files(&[("log", "e\nf\n"), ("log.1", "dddddddd\n"), ("log.2", "b\nc\n")]));
    }

    #[test]
    fn a_new_day_begins_a_new_file_but_only_when_there_is_a_line_for_it() {
        let folder = Folder::new();
        let mut log = folder.open(None, true, 7);
        log.write_all(b"monday\n").unwrap();
        folder.pass(DAY);
        assert_eq!(folder.files().len(), 1);
        log.write_all(b"tuesday\n").unwrap();
        log.write_all(b"still\n").unwrap();
        folder.pass(DAY * 3);
        log.write_all(b"friday\n").unwrap();
        let expected = [("log", "friday\n"), ("log.1", "tuesday\nstill\n"), ("log.2", "monday\n")];
        assert_eq!(folder.files(), files(&expected));
    }

    #[test]
    fn a_restart_goes_on_with_the_file_and_remembers_its_day_and_length() {
        let folder = Folder::new();
        folder.open(Some(10), true, 7).write_all(b"one\n").unwrap();
        folder.open(Some(10), true, 7).write_all(b"two\n").unwrap();
        assert_eq!(folder.files(), files(&[("log", "one\ntwo\n")]));
        folder.open(Some(10), true, 7).write_all(b"full\n").unwrap();
        assert_eq!(folder.files().len(), 2);
        folder.pass(DAY);
        folder.open(Some(10), true, 7).write_all(b"day\n").unwrap();
        assert_eq!(folder.files().len(), 3);
    }

    #[test]
    fn keeping_none_leaves_one_file_and_keeping_fewer_removes_the_surplus() {
        let folder = Folder::new();
        let mut log = folder.open(Some(1), false, 5);
        for _ in 0..6 {
            log.write_all(b"x\n").unwrap();
        }
        assert_eq!(folder.files().len(), 6);
        folder.open(Some(1), false, 2).write_all(b"y\n").unwrap();
        assert_eq!(folder.files().len(), 3);
        folder.open(Some(1), false, 0).write_all(b"z\n").unwrap();
        assert_eq!(folder.files(), files(&[("log", "z\n")]));
    }

    #[test]
    fn without_limits_it_grows() {
        let folder = Folder::new();
        let mut log = folder.open(None, false, 1);
        for _ in 0..100 {
            log.write_all(b"line\n").unwrap();
            folder.pass(DAY);
        }
        assert_eq!(folder.files().len(), 1);
    }

    #[test]
    fn a_rotation_that_fails_loses_no_line() {
        let folder = Folder::new();
        let mut log = folder.open(Some(4), false, 1);
        log.write_all(b"one\n").unwrap();
        // A folder that is not empty in the way of the next name: fails for root too.
        fs::create_dir_all(folder.dir.path().join("log.1/x")).unwrap();
        log.write_all(b"two\n").unwrap();
        log.write_all(b"three\n").unwrap();
        assert_eq!(fs::read_to_string(folder.dir.path().join("log")).unwrap(), "one\ntwo\nthree\n");
    }
}
