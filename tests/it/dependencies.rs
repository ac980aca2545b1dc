//! What a host takes in by using the runtime.

use crate::scratch::Package;

/// Checksums are computed by the macro: a host that only uses it links no hash function.
#[test]
fn no_hash_function_without_features() {
    let package = Package::new("host", &[("src/lib.rs", "")]);
    let tree = |edges| {
        let built = package.cargo(&["tree", "--prefix=none", "--edges", edges]);
        assert!(built.success, "{}", built.stderr);
        built.stdout
    };
    let (linked, with_macro) = (tree("normal,no-proc-macro"), tree("normal"));
    assert!(linked.contains("migrate-core ") && !linked.contains("hmac-sha256 "), "{linked}");
    assert!(with_macro.contains("hmac-sha256 "), "{with_macro}");
}
