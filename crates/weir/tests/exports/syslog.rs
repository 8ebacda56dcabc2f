//! Servers of syslog over TCP and UDP.

use super::support::PATIENCE;
use super::*;
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};

/// The messages of a stream, each with its length before it.
fn messages(mut bytes: &[u8]) -> Vec<String> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
        messages.push(String::from_utf8(bytes[space + 1..space + 1 + length].to_vec()).unwrap());
        bytes = &bytes[space + 1 + length..];
    }
    messages
}

/// The id in a message, which must be one of RFC 5424 that holds an event of CEF.
fn id(message: &str) -> String {
    let mut parts = message.splitn(8, ' ');
    let head: Vec<&str> = parts.by_ref().take(7).collect();
    assert!(head[0].starts_with("<1") && head[0].ends_with(">1"), "{message}");
    assert!(
        head[1].parse::<jiff::Timestamp>().is_ok() && head[3] == "weir" && head[4] == "-" && head[6] == "-"
    );
    let cef = parts.next().unwrap();
    assert!(cef.starts_with("CEF:0|Weir|Weir|") && !cef.contains(CANARY), "{cef}");
    let id = cef.split(' ').find_map(|field| field.strip_prefix("externalId=")).unwrap();
    id.to_owned()
}

#[test]
fn a_server_of_syslog_that_dies_in_the_middle_gets_the_events_again_and_all_of_them() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = Gateway::start_in(home(&format!(
        "    - {{ name: siem, syslog: \"tcp://{address}\", every: 50ms, timeout: 5s }}"
    )));
    // It reads a little and dies, with what it has not read.
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0; 10]).unwrap();
    drop(stream);
    requests(&gateway, 5);
    let (sender, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut bytes = Vec::new();
            stream.unwrap().read_to_end(&mut bytes).unwrap();
            if sender.send(bytes).is_err() {
                return;
            }
        }
    });
    until_exported(&gateway, "siem");
    let (wanted, mut came) = (logged(&gateway.home), BTreeSet::new());
    while !wanted.keys().all(|id| came.contains(id)) {
        for message in messages(&received.recv_timeout(PATIENCE).unwrap()) {
            assert!(came.insert(id(&message)), "what was read to the end does not come again");
        }
    }
    assert!(gateway.metric("weir_audit_export_failures_total", &["siem"]) >= 1.0);
}

#[test]
fn datagrams_are_messages_too() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let address = socket.local_addr().unwrap();
    let export = format!("    - {{ name: siem, syslog: \"udp://{address}\", every: 50ms, format: jsonl }}");
    let gateway = Gateway::start_in(home(&export));
    request(&gateway);
    let wanted = logged(&gateway.home);
    let (mut came, mut buffer) = (BTreeMap::new(), [0; 65536]);
    while !wanted.keys().all(|id| came.contains_key(id)) {
        let length = socket.recv(&mut buffer).unwrap();
        let message = String::from_utf8(buffer[..length].to_vec()).unwrap();
        let (_, json) = message.split_once(" - {").unwrap();
        came.extend(by_id(&format!("{{{json}")));
    }
    assert!(came.iter().all(|(id, line)| wanted.get(id).is_none_or(|logged| logged == line)));
}

#[test]
fn tls_is_spoken_where_it_is_asked_for_and_only_to_whom_the_authority_knows() {
    let authority = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (authority.cert.pem(), authority.signing_key.serialize_pem());
    let home = home("    []");
    std::fs::write(home.path().join("cert.pem"), certificate).unwrap();
    std::fs::write(home.path().join("key.pem"), key).unwrap();
    let port = port();
    // Somebody else's TLS: Python's.
    let script = r#"
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    raw, _ = server.accept()
    try:
        stream = context.wrap_socket(raw, server_side=True)
        while data := stream.recv(65536):
            sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        stream.unwrap().close()
    except OSError:
        raw.close()
"#;
    let mut server = std::process::Command::new("python3")
        .args(["-c", script, &port.to_string()])
        .current_dir(home.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = server.stdout.take().unwrap();
    let (sender, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut stdout = stdout;
        let mut buffer = [0; 65536];
        while let Ok(read) = stdout.read(&mut buffer) {
            if read == 0 || sender.send(buffer[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    let export =
        format!("    - {{ name: siem, syslog: \"tls://localhost:{port}\", every: 50ms, timeout: 5s }}");
    reconfigure(&home, &export);
    let gateway = Gateway::start_in(home);
    gateway.until("it does not trust just anybody", |gateway| {
        standing(gateway, "siem")["why"].as_str().is_some_and(|why| why.contains("tls"))
    });
    reconfigure(&gateway.home, &export.replace("every", "ca_file: cert.pem, every"));
    until_exported(&gateway, "siem");
    let mut bytes = Vec::new();
    let wanted = logged(&gateway.home);
    loop {
        bytes.extend(received.recv_timeout(PATIENCE).unwrap());
        let text = String::from_utf8_lossy(&bytes);
        if wanted.keys().all(|id| text.contains(id.as_str())) {
            break;
        }
    }
    assert!(messages(&bytes).iter().all(|message| !id(message).is_empty()));
    server.kill().unwrap();
    server.wait().unwrap();
    let _ = std::io::stdout().flush();
}
