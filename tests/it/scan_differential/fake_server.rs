//! What psql sends for a script, word for word.
//!
//! psql talks to a server here that runs nothing: it answers that every statement went well and writes it down. So any
//! script will do, whether its statements make sense or not, and nothing comes between psql's splitting and the test.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// The statements psql sends for each of the scripts.
pub(super) fn statements_sent(psql: &Path, scripts: &[&str]) -> Vec<Vec<String>> {
    let folder = std::env::temp_dir().join(format!("scan-{}-{:?}", std::process::id(), thread::current().id()));
    std::fs::create_dir_all(&folder).expect("a folder for the scripts");
    let mut driver = String::new();
    for (number, script) in scripts.iter().enumerate() {
        let file = folder.join(format!("{number}.sql"));
        std::fs::write(&file, script).expect("a script in the folder");
        driver.push_str(&format!("\\i '{}'\n{MARK};\n", file.display()));
    }
    let driver_file = folder.join("driver.sql");
    std::fs::write(&driver_file, driver).expect("a script in the folder");

    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("a bound port").port();
    let server = thread::spawn(move || listener.accept().and_then(|(stream, _)| serve(stream)));
    let url = format!("host=127.0.0.1 port={port} user=x dbname=x sslmode=disable gssencmode=disable");
    let output = Command::new(psql)
        .args(["-X", "-q", "-d", &url, "-f"])
        .arg(&driver_file)
        .env("PGCLIENTENCODING", "UTF8")
        .stdin(Stdio::null())
        .output()
        .expect("psql runs");
    std::fs::remove_dir_all(&folder).expect("the folder goes away");
    assert!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));

    let sent = server.join().expect("the server thread ends").expect("psql speaks the protocol");
    let marked = format!("{MARK};");
    let mut by_script: Vec<Vec<String>> =
        sent.split(|statement| *statement == marked).map(<[String]>::to_vec).collect();
    assert_eq!(by_script.pop(), Some(Vec::new()), "nothing follows the last mark");
    assert_eq!(by_script.len(), scripts.len(), "every script has its mark");
    by_script
}

/// Sent after each script. Scripts do not share what psql knows of an unfinished statement.
const MARK: &str = "SELECT 'the script ends here'";

/// Plays a server of protocol version 3 to one client, and returns the queries.
fn serve(mut stream: TcpStream) -> io::Result<Vec<String>> {
    stream.set_nodelay(true)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    read_rest(&mut stream, length)?;
    let mut welcome = message(b'R', &0_i32.to_be_bytes());
    for (name, value) in [
        ("server_version", "15.0"),
        ("server_encoding", "UTF8"),
        ("client_encoding", "UTF8"),
        ("standard_conforming_strings", "on"),
    ] {
        welcome.extend(message(b'S', format!("{name}\0{value}\0").as_bytes()));
    }
    welcome.extend(message(b'Z', b"I"));
    stream.write_all(&welcome)?;

    let mut queries = Vec::new();
    let mut header = [0; 5];
    while stream.read_exact(&mut header).is_ok() {
        let [kind, length @ ..] = header;
        let body = read_rest(&mut stream, length)?;
        match kind {
            b'Q' => {
                let query = String::from_utf8_lossy(body.strip_suffix(b"\0").unwrap_or(&body)).into_owned();
                let shouted = query.to_ascii_uppercase();
                let asks_for_data = shouted.starts_with("COPY ") && shouted.contains(" FROM STDIN");
                queries.push(query);
                if asks_for_data {
                    stream.write_all(&message(b'G', &[0, 0, 0]))?;
                } else {
                    stream.write_all(&done())?;
                }
            }
            // The end of the data of a COPY, whether psql has it or gives up.
            b'c' | b'f' => stream.write_all(&done())?,
            _ => {}
        }
    }
    Ok(queries)
}

fn done() -> Vec<u8> {
    [message(b'C', b"OK\0"), message(b'Z', b"I")].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).expect("a short message");
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// Reads what follows the length of a message, which counts itself.
fn read_rest(stream: &mut TcpStream, length: [u8; 4]) -> io::Result<Vec<u8>> {
    let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
    stream.read_exact(&mut body)?;
    Ok(body)
}
