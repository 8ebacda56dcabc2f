//! Passwords that are arguments: of commands of a shell, and of functions that sign in.

use super::named::is_password;
use super::prose::unquoted;
use super::secret;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;

pub(super) const COMMAND: RecogniserInfo = secret(
    "command_password",
    "passwords on the command lines of clients of databases, directories, file servers and archives",
    "the command, its option for the password, and a value that looks like one",
    Find::Literal(
        &[
            "sshpass ",
            "mysql -",
            "mysqldump -",
            "mysqladmin -",
            "mariadb -",
            "docker login",
            "podman login",
            "oras login",
            "redis-cli ",
            "ldapsearch ",
            "ldapmodify ",
            "ldapadd ",
            "sqlcmd ",
            "zip -",
            "7z a ",
            "7z x ",
            "psexec ",
            "psexec.py ",
            "PsExec",
            "mosquitto_pub ",
            "mosquitto_sub ",
            "keytool ",
            "jarsigner ",
            "smbclient ",
            "rpcclient ",
            "lftp ",
            "net use ",
            "az login ",
            "rabbitmqctl ",
            "evil-winrm ",
            "xfreerdp ",
            "ipmitool ",
            "snmpwalk ",
            "hydra ",
            "smbpasswd ",
            "htpasswd -",
            "rootpw ",
            "sqlplus ",
        ],
        find_command,
    ),
);

pub(super) const CALL: RecogniserInfo = secret(
    "call_password",
    "passwords given to functions that sign in, in any language",
    "the function's name, and after its first argument a quoted one that looks like a password",
    Find::Literal(
        &[
            "getConnection(",
            "mysqli(",
            "mysqli_connect(",
            "mysql_connect(",
            "oci_connect(",
            "ftp_login(",
            "ssh2_auth_password(",
            "ldap_bind(",
            "imap_open(",
            ".login(",
            "HTTPBasicAuth(",
            "auth=(",
            "NetworkCredential(",
            "PasswordCredentials(",
            "PlainAuth(",
            "SetBasicAuth(",
            "basic_auth(",
        ],
        find_call,
    ),
);

/// How far the arguments of a command or a function go on.
const WITHIN: usize = 240;

/// Options, and the command, whose value is the next word.
const OPTIONS: [&[u8]; 11] = [
    b"-p",
    b"-P",
    b"-w",
    b"-a",
    b"-c",
    b"-pw",
    b"-storepass",
    b"-keypass",
    b"--pass",
    b"--plaintext",
    b"rootpw ",
];
/// Commands that take `-p` and the password in one word, and ask for it otherwise.
const IN_ONE_WORD: [&[u8]; 3] = [b"mysql", b"mariadb", b"7z "];
/// After these a user comes first.
const AFTER_USER: [&[u8]; 3] = [b"-b", b"add_user", b"change_password"];
/// Beginnings of words that hold the value themselves.
const JOINED: [&[u8]; 3] = [b"-p", b"-P", b"/p:"];

fn find_command(haystack: &Haystack<'_>, command: Range<usize>) -> Option<Match> {
    if !haystack.opens(command.start) {
        return None;
    }
    let line = haystack.run_end(command.end, WITHIN, |b| !matches!(b, b'\n' | b'\r' | b'|' | b'`'));
    let in_one_word = IN_ONE_WORD.iter().any(|name| haystack.slice(command.clone()).starts_with(name));
    let words = Words { haystack, at: command.end.saturating_sub(1), end: line };
    let mut before = [command.clone(), command.clone()];
    words
        .map(|word| unquoted(haystack, word))
        .find_map(|word| {
            let [_, last] = &before;
            let is_asked_for = in_one_word && haystack.slice(last.clone()) == b"-p";
            let value = if is_asked_for { None } else { value_of(haystack, &before, &word) };
            let value = value.filter(|value| is_argument(haystack.slice(value.clone())));
            before.rotate_left(1);
            if let Some(last) = before.last_mut() {
                *last = word;
            }
            value
        })
        .map(|value| Match::new(value, 0.9).with_evidence(&command))
}

/// The words of a command line, by their places.
struct Words<'h, 't> {
    haystack: &'h Haystack<'t>,
    at: usize,
    end: usize,
}

impl Iterator for Words<'_, '_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.haystack.run_end(self.at, WITHIN, |b| b == b' ');
        self.at = self.haystack.run_end(start, WITHIN, |b| !b.is_ascii_whitespace()).min(self.end);
        (start < self.at).then_some(start..self.at)
    }
}

/// What of a word is the password, given the two words before it.
fn value_of(
    haystack: &Haystack<'_>,
    before: &[Range<usize>; 2],
    word: &Range<usize>,
) -> Option<Range<usize>> {
    let [first, second] = before.each_ref().map(|word| haystack.slice(word.clone()));
    let text = haystack.slice(word.clone());
    let after = |sign: u8| text.iter().position(|b| *b == sign).map(|at| word.start + at + 1..word.end);
    match second {
        b"-U" => after(b'%'),
        b"-u" => after(b','),
        b"sqlplus " => after(b'/'),
        _ if OPTIONS.contains(&second) || AFTER_USER.contains(&first) || second.starts_with(b"/user:") => {
            Some(word.clone())
        }
        _ => {
            let joined = JOINED.iter().find(|joined| text.starts_with(joined))?;
            Some(unquoted(haystack, word.start + joined.len()..word.end))
        }
    }
}

/// Whether an argument looks like a password: no port, no file, no address.
fn is_argument(value: &[u8]) -> bool {
    is_password(value)
        && value.first().is_some_and(|b| !matches!(b, b'-' | b'/' | b'.' | b'$' | b'%'))
        && !value.iter().any(|b| matches!(b, b'/' | b'\\' | b'=' | b'('))
}

fn find_call(haystack: &Haystack<'_>, name: Range<usize>) -> Option<Match> {
    let end = haystack.run_end(name.end, WITHIN, |b| b != b')' && b != b'\n');
    let mut quoted = Quoted { haystack, at: name.end, end };
    quoted.next()?;
    let value = quoted.find(|value| {
        let text = haystack.slice(value.clone());
        is_argument(text) && !text.iter().any(|b| matches!(b, b'.' | b':' | b' '))
    })?;
    Some(Match::new(value, 0.8).with_evidence(&name))
}

/// The strings in quotes, by their places.
struct Quoted<'h, 't> {
    haystack: &'h Haystack<'t>,
    at: usize,
    end: usize,
}

impl Iterator for Quoted<'_, '_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let open = self.haystack.run_end(self.at, WITHIN, |b| !matches!(b, b'"' | b'\''));
        let quote = self.haystack.byte(open)?;
        let close = self.haystack.run_end(open + 1, WITHIN, |b| b != quote && b != b'\n');
        self.at = close + 1;
        (close < self.end.saturating_add(1)).then_some(open + 1..close)
    }
}
