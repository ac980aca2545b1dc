//! Names and checksums of files.

use migrate_core::{Checksum, FileName};

/// What holds for the name of a file, and for its text as it is embedded.
pub fn of_file(name: &str, text: &str) {
    for read in [FileName::of_file(name), FileName::of_folder(name)] {
        match read {
            Ok(file) => {
                let digits = file.version.digits();
                assert!(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()), "{name:?}");
                assert!(!file.name.trim().is_empty() && name.contains(&file.name), "{name:?}");
                assert!(!file.name.contains(char::is_control), "{name:?}");
            }
            Err(error) => assert!(!error.to_string().is_empty() && !error.help().is_empty(), "{name:?}"),
        }
    }
    // A checksum knows neither a byte order mark nor how lines end, but everything else.
    let checksum = Checksum::of(text);
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let from_elsewhere = format!("\u{feff}{}", plain.replace('\n', "\r\n"));
    assert!(Checksum::of(&from_elsewhere) == checksum, "{text:?}");
    assert!(Checksum::of(&format!("{text} ")) != checksum, "{text:?}");
    assert_eq!(Checksum::parse(&checksum.to_string()), Some(checksum));
}
