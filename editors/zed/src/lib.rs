//! Starts `wsban lsp`, where the editor finds wsban on its path.
use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree};

struct Wsban;

impl zed::Extension for Wsban {
    fn new() -> Self {
        Wsban
    }

    fn language_server_command(&mut self, _: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let command = worktree.which("wsban").ok_or("wsban is not on the path: npm install -g wsban")?;
        Ok(Command { command, args: vec!["lsp".into()], env: worktree.shell_env() })
    }
}

zed::register_extension!(Wsban);
