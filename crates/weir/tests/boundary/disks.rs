//! An audit log on real disks that are full, read-only, broken and slow.
//!
//! File systems of the test's own are mounted, and faults injected into the system calls of the running gateway with
//! `strace`. Where that is not permitted a test says so, and what it would have shown is left to `unwritable.rs` (a limit of
//! the size of files) and to weir-store's disks that fail by themselves.
#![cfg(target_os = "linux")]

use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::support::{Gateway, Home, TWO_RULES, two_zones, weir};
use crate::{classified, harmless};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use weir_audit::event::KeyRevoked;
use weir_store::audit::{AuditLog, Options};

/// The name of the node, so that the test can begin its log.
const NODE: &str = "test-node";

/// Says what this machine does not permit to be shown, where no test runner hides it.
fn not_shown(what: std::fmt::Arguments<'_>) {
    // Nobody is left to tell.
    let _ = writeln!(std::io::stderr(), "NOT SHOWN HERE: {what}");
}

/// A mounted file system.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

impl Mounted {
    /// `None` where no file system can be mounted, which is said.
    fn new(at: &Path, arguments: &[&str]) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        match run(Command::new("mount").args(arguments).arg(at)) {
            Ok(()) => Some(Self(at.to_owned())),
            Err(why) => {
                not_shown(format_args!("no file system can be mounted ({why}); see `unwritable.rs`"));
                None
            }
        }
    }

    fn remount(&self, options: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0)).unwrap();
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn named() -> Command {
    let mut command = weir();
    command.env("HOSTNAME", NODE);
    command
}

fn local_only(local: &str, cloud: &str) -> String {
    format!("{}audit: {{ on_failure: local_only }}\n", two_zones(local, cloud))
}

/// A log whose first segment has room for so many bytes.
fn begin_log(audit: &Path, room: u64) {
    let (log, _) = AuditLog::open(audit, Options::new(NODE.into(), "0.1.0".into())).unwrap();
    let segment = audit.join("segments/00000000.log");
    let used = || fs::read(&segment).unwrap().iter().rposition(|byte| *byte != 0).unwrap() as u64;
    let event = || log.append(KeyRevoked { key_id: "a-key-of-nobody".into() }).unwrap();
    event().wait_written().unwrap();
    let before = used();
    event().wait_written().unwrap();
    // Later events are longer: their numbers and times grow. Not by half, so that a portion of half of them fits.
    let each = used() - before;
    let len = fs::metadata(&segment).unwrap().len();
    loop {
        let portion = (len - used()).saturating_sub(room) / (2 * each);
        if portion == 0 {
            break;
        }
        for _ in 1..portion.min(1000) {
            event();
        }
        event().wait_written().unwrap();
    }
    // That there is no room for the next segment is said here already.
    let _ = log.close();
}

fn assert_refused(reply: &Reply) {
    assert_eq!((reply.status, reply.code().as_str()), (503, "audit_unavailable"), "{}", reply.text());
}

/// Asks until the record of a request cannot be written; gives the decisions of those that were served.
fn fill(stage: &Stage) -> Vec<String> {
    let mut served = Vec::new();
    loop {
        let reply = stage.chat(&harmless("cloud-only"));
        assert_eq!(stage.there.requests() as usize, served.len() + usize::from(reply.status == 200));
        if reply.status != 200 {
            assert_refused(&reply);
            return served;
        }
        served.push(reply.decision());
        assert!(served.len() < 2000, "the disk does not get full");
    }
}

/// That a request is served again, without anybody's doing, and that the log is whole.
fn assert_recovers(stage: Stage, served: &[String]) {
    stage
        .gateway
        .until("requests are served again", |gateway| gateway.chat(&harmless("cloud-only")).status == 200);
    assert_eq!(stage.gateway.ready().0, 200);
    let Stage { gateway, .. } = stage;
    let (home, in_order) = gateway.stop();
    assert!(in_order);
    assert_whole(&home, served);
}

#[track_caller]
fn assert_whole(home: &Home, served: &[String]) {
    let (clean, report) = home.verify();
    assert!(clean, "{report}");
    for id in served {
        assert_eq!(home.decision(id)["decision"]["zone"], "cloud");
    }
}

fn on_a_small_disk(config: impl FnOnce(&str, &str) -> String) -> Option<(Stage, Mounted)> {
    let mut mounted = None;
    let stage = Stage::run_as(config, TWO_RULES, |home| {
        let state = home.path().join("state");
        // A segment of 8 MiB fits, and the other state; another segment does not.
        mounted = Mounted::new(&state, &["-t", "tmpfs", "-o", "size=14m,mode=700", "none"]);
        if mounted.is_some() {
            begin_log(&state.join("audit"), 64 * 1024);
        }
        named()
    });
    Some((stage, mounted?))
}

#[test]
fn on_a_full_disk_nothing_is_served_until_there_is_room() {
    let Some((stage, disk)) = on_a_small_disk(two_zones) else { return };
    stage.gateway.until("it shows before it hurts", |gateway| gateway.ready().1["audit"] == "degraded");
    let served = fill(&stage);
    assert!(served.len() > 5, "{} requests fit", served.len());
    assert_refused(&stage.chat(&classified("auto")));
    assert_eq!((stage.here.requests(), stage.gateway.ready().0), (0, 503));
    let sent = stage.there.requests();
    assert_refused(&stage.chat(&harmless("auto")));
    assert_eq!(stage.there.requests(), sent);
    disk.remount("size=64m");
    assert_recovers(stage, &served);
}

#[test]
fn on_a_full_disk_only_what_stays_inside_is_served_if_the_operator_says_so() {
    let Some((stage, disk)) = on_a_small_disk(local_only) else { return };
    let served = fill(&stage);
    let sent = stage.there.requests();
    for body in [classified("auto"), harmless("auto")] {
        let reply = stage.chat(&body);
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    }
    assert_refused(&stage.chat(&harmless("cloud-only")));
    assert_eq!(stage.there.requests(), sent);
    let unrecorded =
        |what| stage.gateway.metric("weir_audit_unrecorded_total", &[&format!("what=\"{what}\"")]);
    assert_eq!((unrecorded("served"), unrecorded("outcome") <= 1.0), (2.0, true));
    // The one with which the disk was found to be full, and the last.
    assert!(unrecorded("refused") >= 1.0);
    disk.remount("size=64m");
    stage.gateway.until("the log says what is not in it", |gateway| !failures(&gateway.home).is_empty());
    let failures = failures(&stage.gateway.home);
    let sum = |member: &str| failures.iter().filter_map(|event| event[member].as_u64()).sum::<u64>();
    assert!(sum("served") == 2 && sum("refused") as f64 >= unrecorded("refused"), "{failures:?}");
    assert!(failures[0]["since"].as_str() < failures[0]["until"].as_str(), "{failures:?}");
    assert_recovers(stage, &served);
}

/// What the log says that is not in it.
fn failures(home: &Home) -> Vec<Value> {
    home.audit(&["--event", "log.failed"]).into_iter().map(|row| row["event"].clone()).collect()
}

/// Makes a file system on a disk of its own, whose errors make it read-only, as on real machines.
fn ext4(image: &Path, at: &Path) -> Option<Mounted> {
    fs::File::create(image).unwrap().set_len(64 << 20).unwrap();
    if let Err(why) = run(Command::new("mkfs.ext4").arg("-q").arg(image)) {
        not_shown(format_args!("there is no ext4 ({why}); see `unwritable.rs`"));
        return None;
    }
    Mounted::new(at, &["-o", "loop,errors=remount-ro", &image.display().to_string()])
}

/// An error of the file system itself: it is read-only from then on, whatever is open.
fn break_file_system(at: &Path) -> Result<(), String> {
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    let line = mounts.lines().find(|line| line.split(' ').nth(1) == at.to_str()).unwrap();
    let device = line.split(' ').next().unwrap().trim_start_matches("/dev/");
    let trigger = format!("/sys/fs/ext4/{device}/trigger_fs_error");
    let mut file =
        fs::OpenOptions::new().write(true).open(&trigger).map_err(|error| format!("{trigger}: {error}"))?;
    file.write_all(b"a test\n").map_err(|error| format!("{trigger}: {error}"))
}

fn on_a_disk_that_becomes_read_only(config: impl FnOnce(&str, &str) -> String) -> Option<(Stage, Mounted)> {
    let mut mounted = None;
    let stage = Stage::run_as(config, TWO_RULES, |home| {
        mounted = ext4(&home.path().join("image"), &home.path().join("state"));
        named()
    });
    let mounted = mounted?;
    for _ in 0..5 {
        assert_eq!(stage.chat(&harmless("cloud-only")).status, 200);
    }
    if let Err(why) = break_file_system(&mounted.0) {
        not_shown(format_args!("no file system can be made read-only ({why}); see `unwritable.rs`"));
        return None;
    }
    Some((stage, mounted))
}

#[test]
fn on_a_disk_that_became_read_only_nothing_is_served_and_nothing_was_lost() {
    let Some((stage, disk)) = on_a_disk_that_becomes_read_only(two_zones) else { return };
    for body in [harmless("cloud-only"), harmless("auto"), classified("auto")] {
        assert_refused(&stage.chat(&body));
    }
    assert_eq!((stage.there.requests(), stage.here.requests(), stage.gateway.ready().0), (5, 0, 503));
    let Stage { gateway, here, there, .. } = stage;
    let home = gateway.kill();
    let state = disk.0.clone();
    drop(disk);
    // What an administrator does then.
    let image = home.path().join("image");
    let checked = Command::new("e2fsck").arg("-fy").arg(&image).output().unwrap();
    assert!(checked.status.code().is_some_and(|code| code < 4), "{checked:?}");
    let _disk = Mounted::new(&state, &["-o", "loop", &image.display().to_string()]).unwrap();
    let gateway = Gateway::start_as(home, named());
    let rows = gateway.home.audit(&["--zone", "cloud"]);
    // What left had its record on the disk; how the last one ended had not.
    let ended = rows.iter().filter(|row| row["outcome"]["outcome"] == "ok").count();
    assert!(rows.len() == 5 && ended >= 4, "{rows:?}");
    let (home, in_order) = gateway.stop();
    assert!(in_order);
    assert_whole(&home, &[]);
    drop((here, there));
}

#[test]
fn on_a_disk_that_became_read_only_what_stays_inside_is_served_if_the_operator_says_so() {
    let Some((stage, _disk)) = on_a_disk_that_becomes_read_only(local_only) else { return };
    assert_refused(&stage.chat(&harmless("cloud-only")));
    for body in [classified("auto"), harmless("auto")] {
        let reply = stage.chat(&body);
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    }
    assert_eq!(stage.there.requests(), 5);
}

/// Faults in the system calls of a running process, until this is dropped.
struct Injected(Child);

impl Injected {
    /// `None` where no process can be traced, which is said.
    fn into(gateway: &Gateway, fault: &str) -> Option<Self> {
        let pid = gateway.pid().to_string();
        let mut strace = Command::new("strace");
        strace.args([
            "-f",
            "-e",
            "trace=fdatasync,fsync",
            "-o",
            "/dev/null",
            "-e",
            &format!("inject=fdatasync,fsync:{fault}"),
            "-p",
            &pid,
        ]);
        let mut child = match strace.stderr(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(why) => {
                not_shown(format_args!("there is no `strace` ({why}); weir-store's own disks fail alike"));
                return None;
            }
        };
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        // Whatever it says later must not block it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        if line.contains("attached") {
            return Some(Self(child));
        }
        not_shown(format_args!(
            "no process can be traced ({}); weir-store's own disks fail alike",
            line.trim()
        ));
        let _ = child.wait();
        None
    }
}

impl Drop for Injected {
    fn drop(&mut self) {
        let _ = run(Command::new("kill").arg(self.0.id().to_string()));
        let _ = self.0.wait();
    }
}

fn segments(stage: &Stage) -> usize {
    let dir = stage.gateway.home.path().join("state/audit/segments");
    let is_segment = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|end| end == "log");
    fs::read_dir(dir).unwrap().filter(|entry| is_segment(entry.as_ref().unwrap())).count()
}

#[test]
fn a_sync_that_fails_once_costs_nothing_and_one_that_keeps_failing_refuses_until_it_is_over() {
    let stage = Stage::new();
    let mut served = vec![stage.chat(&harmless("cloud-only")).decision()];
    // Each thread's first one: that of the log, and, of the file to which it turns then, the second.
    let Some(once) = Injected::into(&stage.gateway, "error=EIO:when=1") else { return };
    let reply = stage.chat(&harmless("cloud-only"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    served.push(reply.decision());
    drop(once);
    assert!(segments(&stage) >= 2, "the file whose sync failed is used again");
    let sent = stage.there.requests();
    let broken = Injected::into(&stage.gateway, "error=EIO").unwrap();
    assert_refused(&stage.chat(&harmless("cloud-only")));
    assert_refused(&stage.chat(&classified("auto")));
    assert_eq!((stage.there.requests(), stage.here.requests()), (sent, 0));
    assert_eq!(stage.gateway.ready().0, 503);
    drop(broken);
    assert_recovers(stage, &served);
}

#[test]
fn a_slow_disk_keeps_what_leaves_waiting_and_nothing_else() {
    const DELAY: Duration = Duration::from_secs(2);
    let stage = Stage::new();
    assert_eq!(stage.chat(&classified("auto")).status, 200);
    let slow = format!("delay_enter={}", DELAY.as_micros());
    let Some(_slow) = Injected::into(&stage.gateway, &slow) else { return };
    let mut leaves = stage.gateway.client();
    let began = Instant::now();
    leaves.begin_post("/v1/chat/completions", &[], harmless("cloud-only").to_string().as_bytes());
    let mut inside = 0;
    while stage.there.requests() == 0 {
        assert_eq!(stage.chat(&classified("auto")).status, 200);
        inside += u32::from(stage.there.requests() == 0);
        assert!(began.elapsed() < 10 * DELAY);
    }
    assert!(began.elapsed() >= DELAY, "it left before its record was on the disk: {:?}", began.elapsed());
    // One may have been written down together with what leaves.
    assert!(inside >= 2, "{inside} requests were served inside meanwhile");
    let reply = leaves.reply();
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    let row: Value = stage.record(&reply);
    assert_eq!(row["decision"]["egress_permitted"], true);
}
