//! What the figures were measured on. Linux tells; elsewhere the fields are absent.

use std::fs;
use std::path::Path;

use serde::Serialize;

/// The machine, as far as it matters to the figures.
#[derive(Debug, Serialize)]
pub struct Machine {
    pub system: String,
    pub kernel: Option<String>,
    pub cpu: Option<String>,
    pub cores: Option<usize>,
    pub memory_mib: Option<u64>,
    /// Kind of the file system below the data folders. On `tmpfs` nothing is ever written to a disk.
    pub file_system: Option<String>,
    /// Average number of running processes in the minute before.
    pub load_before: Option<f64>,
}

impl Machine {
    /// Looks at the machine; `folder` is where the data folders will be.
    pub fn look(folder: &Path) -> Machine {
        let load = read("/proc/loadavg");
        Machine {
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: read("/proc/sys/kernel/osrelease"),
            cpu: read("/proc/cpuinfo").and_then(|text| field(&text, "model name")),
            cores: std::thread::available_parallelism().ok().map(usize::from),
            memory_mib: read("/proc/meminfo").and_then(|text| mebibytes(&text, "MemTotal")),
            file_system: file_system(folder),
            load_before: load.and_then(|text| text.split_whitespace().next()?.parse().ok()),
        }
    }

    /// Whether something else was at work when the run began.
    pub fn was_busy(&self) -> bool {
        self.load_before.is_some_and(|load| load > 0.5)
    }
}

fn read(file: &str) -> Option<String> {
    Some(fs::read_to_string(file).ok()?.trim().to_owned())
}

/// The value after `name:` in the kernel's way of telling things.
fn field(text: &str, name: &str) -> Option<String> {
    let of_line = |line: &str| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    };
    text.lines().find_map(of_line)
}

/// A size that the kernel tells in kB.
pub fn mebibytes(text: &str, name: &str) -> Option<u64> {
    let kib: u64 = field(text, name)?.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1_024)
}

fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    kind_of(&read("/proc/self/mounts")?, &folder)
}

/// The kind of the file system whose mount point is the longest beginning of `folder`; of two at one point, the later.
fn kind_of(mounts: &str, folder: &Path) -> Option<String> {
    let rows = mounts.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        Some((Path::new(words.next()?), words.next()?))
    });
    let over = rows.filter(|(point, _)| folder.starts_with(point));
    let nearest = over.max_by_key(|(point, _)| point.components().count())?;
    Some(nearest.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_point_tells_the_file_system() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /srv xfs rw 0 0";
        let kind = |folder: &str| kind_of(mounts, Path::new(folder));
        assert_eq!(kind("/tmp/x").as_deref(), Some("tmpfs"));
        assert_eq!(kind("/srv/data/y").as_deref(), Some("xfs"));
        assert_eq!(kind("/srvx").as_deref(), Some("ext4"));
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "VmRSSx:\t1 kB\nVmRSS:\t  2048 kB";
        assert_eq!(field(text, "VmRSS").as_deref(), Some("2048 kB"));
        assert_eq!(mebibytes(text, "VmRSS"), Some(2));
        assert_eq!(field(text, "Vm"), None);
    }
}
