//! What the command line says, word for word. `TRYCMD=overwrite` writes the answers anew; read the
//! difference before committing it.

#[test]
fn answers_are_as_written_down() {
    trycmd::TestCases::new()
        .case("tests/cli/*.trycmd")
        // The machine's own settings must not reach the answers.
        .env("ETH_RPC_URL", "http://127.0.0.1:1")
        .env("TESSERA_CACHE", "cache")
        .env("NO_COLOR", "1")
        .run();
}
