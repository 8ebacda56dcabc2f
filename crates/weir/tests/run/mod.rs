//! Running the built binary.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "clippy exempts test functions, but not what they share"
)]

use std::io::BufReader;
use std::net::Ipv4Addr;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use tokio::net::TcpSocket;

/// The variables that `weir` reads; tests set those they mean.
const VARIABLES: [&str; 17] = [
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "DEEPSEEK_API_KEY",
    "OPENROUTER_API_KEY",
    "TOGETHER_API_KEY",
    "XAI_API_KEY",
    "WEIR_CONFIG",
    "WEIR_POLICY",
    "WEIR_LISTEN",
    "WEIR_ADMIN",
    "WEIR_LOG",
    "NO_COLOR",
    "CLICOLOR_FORCE",
];

/// The command with a clean environment.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn weir(args: &[&str]) -> Ended {
    Ended(command(args).output().expect("the binary can be run"))
}

/// A port on which nobody listens, and that nobody gets who takes any: only who names it can listen there.
pub fn free_port() -> u16 {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a socket whose address others may name");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let port = socket.local_addr().expect("a port").port();
    // Two sockets at one address are for Linux alone.
    if cfg!(target_os = "linux") {
        // It is kept as long as the process.
        std::mem::forget(socket);
    }
    port
}

/// What a run left behind.
pub struct Ended(pub Output);

impl Ended {
    pub fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("stdout is text")
    }

    pub fn errors(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("stderr is text")
    }
}

/// A run that goes on. It is killed when it is dropped.
pub struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Running {
    pub fn start(args: &[&str], stderr: Stdio) -> Self {
        let mut child =
            command(args).stdout(Stdio::piped()).stderr(stderr).spawn().expect("the binary can be run");
        let stdout = child.stdout.take().map(BufReader::new);
        Self { child, stdout }
    }

    pub fn stdout(&mut self) -> &mut BufReader<ChildStdout> {
        self.stdout.as_mut().expect("stdout is still open")
    }

    pub fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill can be run");
        assert!(status.success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("the process can be waited for")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
