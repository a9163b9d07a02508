//! What the command line says, word for word. `TRYCMD=overwrite` writes the answers anew; read the
//! difference before committing it.

mod common;

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

#[test]
fn completions_know_every_command() {
    let help = common::Said::from(common::tessera().arg("--help").output().unwrap()).ended(0).out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .map_while(|line| line.split_whitespace().next())
        .filter(|w| *w != "help")
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = common::tessera().args(["completions", shell]).output().unwrap();
        let script = common::Said::from(output).ended(0).out;
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}
