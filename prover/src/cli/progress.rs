//! What a long computation is doing: bars on a terminal, plain lines elsewhere.

use super::talk::{style, talk};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::{
    collections::BTreeMap,
    fmt::Write,
    io::IsTerminal,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tessera_artifact::Secrecy;
use tessera_proving::Event;

const WIDTH: usize = 16; // of a stage's name
const MEMORY_LIMIT: u64 = 1 << 20;
const TICK: Duration = Duration::from_millis(100);

/// One stage, from its first start to its last end.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: &'static str,
    /// Seconds after the progress was made.
    pub start: f64,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Shows [`Event`]s, and keeps the stages for a timeline. A bar says how long is left: by the parts
/// that are done, or, for a stage of one part, by how long it took the last time.
pub struct Progress {
    begin: Instant,
    bars: Option<MultiProgress>,
    silent: bool,
    /// Where the seconds of stages are remembered.
    memory: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: BTreeMap<&'static str, Running>,
    done: Vec<Stage>,
    /// Seconds by stage and number of parts.
    remembered: BTreeMap<String, f64>,
}

struct Running {
    bar: ProgressBar,
    start: f64,
    items: usize,
    /// Said while it ran, to be shown under its line.
    notes: Vec<String>,
}

impl Progress {
    /// Bars if stderr is a terminal.
    pub fn new() -> Self {
        let mut progress = Self::silent();
        progress.silent = false;
        progress.bars = std::io::stderr()
            .is_terminal()
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        progress
    }

    /// Keeps stages and shows nothing.
    pub fn silent() -> Self {
        let begin = Instant::now();
        Self { begin, bars: None, silent: true, memory: None, state: Mutex::default() }
    }

    /// [`Self::new`] with estimates from the file `memory`, which is written when this is dropped.
    /// They are worth no error: what cannot be read or written is left.
    pub fn remembering(memory: PathBuf) -> Self {
        let bytes = tessera_artifact::read(&memory, MEMORY_LIMIT).unwrap_or_default();
        let remembered = serde_json::from_slice(&bytes).unwrap_or_default();
        let mut progress = Self::new();
        progress.state = Mutex::new(State { remembered, ..State::default() });
        progress.memory = Some(memory);
        progress
    }

    /// Shows an event; for [`tessera_proving::Report`].
    pub fn event(&self, event: Event) {
        match event {
            Event::Started { stage, items } => self.started(stage.name(), items),
            Event::Advanced { stage } => self.advanced(stage.name()),
            Event::Finished { stage } => self.finished(stage.name()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn started(&self, stage: &'static str, items: usize) {
        let mut state = self.state();
        let bar = self.bar(stage, items, state.remembered.get(&key(stage, items)));
        let start = self.begin.elapsed().as_secs_f64();
        state.running.insert(stage, Running { bar, start, items, notes: vec![] });
    }

    fn advanced(&self, stage: &'static str) {
        if let Some(running) = self.state().running.get(stage) {
            running.bar.inc(1);
        }
    }

    fn finished(&self, stage: &'static str) {
        let mut state = self.state();
        let Some(Running { bar, start, items, notes }) = state.running.remove(stage) else {
            return;
        };
        bar.finish_and_clear();
        let seconds = self.begin.elapsed().as_secs_f64() - start;
        state.remembered.insert(key(stage, items), seconds);
        state.done.push(Stage { name: stage, start, seconds });
        self.line(format_args!("{stage:<WIDTH$} {seconds:>7.2} s"));
        notes.iter().for_each(|note| self.line(note));
    }

    /// Runs `work` as a stage of one part.
    pub fn stage<T>(&self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        self.started(stage, 1);
        let result = work();
        self.finished(stage);
        result
    }

    /// [`Self::stage`] for work that waits.
    pub async fn stage_async<T>(&self, stage: &'static str, work: impl Future<Output = T>) -> T {
        self.started(stage, 1);
        let result = work.await;
        self.finished(stage);
        result
    }

    /// A line above the bars.
    pub fn line(&self, line: impl std::fmt::Display) {
        match &self.bars {
            _ if self.silent => {}
            Some(bars) => bars.suspend(|| talk(line)),
            None => talk(line),
        }
    }

    /// A line that belongs to the stage that runs and is shown under it when it has ended; at once if none runs.
    pub fn note(&self, line: impl std::fmt::Display) {
        let mut state = self.state();
        match state.running.values_mut().max_by(|a, b| a.start.total_cmp(&b.start)) {
            Some(running) => running.notes.push(line.to_string()),
            None => self.line(line),
        }
    }

    /// Stages that are done, in the order of their start.
    pub fn stages(&self) -> Vec<Stage> {
        let state = self.state();
        let mut stages = state.done.clone();
        stages.sort_by(|a, b| a.start.total_cmp(&b.start));
        stages
    }

    fn bar(&self, stage: &'static str, items: usize, seconds: Option<&f64>) -> ProgressBar {
        let Some(bars) = &self.bars else { return ProgressBar::hidden() };
        let bar = bars.add(ProgressBar::new(items as u64));
        // Fits 40 columns: what is longer wraps, and leaves its lines behind.
        let template = match seconds {
            _ if items > 1 => "{prefix:16} [{wide_bar}] {pos}/{len} {left}",
            None => "{prefix:16} {spinner} {elapsed}",
            Some(_) => "{prefix:16} {spinner} {left}",
        };
        let seconds = seconds.copied();
        let left = move |state: &ProgressState, out: &mut dyn Write| {
            let elapsed = state.elapsed().as_secs_f64();
            let done = state.fraction();
            let all = if done > 0.0 { Some(elapsed / f64::from(done)) } else { seconds };
            let _ = out.write_str(&left(elapsed, all));
        };
        let style =
            ProgressStyle::with_template(template).map(|style| style.with_key("left", left));
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(stage);
        bar.enable_steady_tick(TICK);
        bar
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = &self.memory
            && let Ok(bytes) = serde_json::to_vec_pretty(&state.remembered)
        {
            let _ = tessera_artifact::write(path, &bytes, Secrecy::Public);
        }
    }
}

fn key(stage: &str, items: usize) -> String {
    format!("{stage} x{items}")
}

/// How long it takes yet, of `all` seconds; how long it has taken, where nobody knows. What takes longer than
/// it should is not called done.
fn left(elapsed: f64, all: Option<f64>) -> String {
    match all {
        Some(all) if all > elapsed => format!("{:.0}s left", (all - elapsed).max(1.0)),
        _ => format!("{elapsed:.0}s"),
    }
}

/// Stages as bars over a common time, one line each.
pub fn timeline(stages: &[Stage], columns: usize) -> Vec<String> {
    let begin = stages.iter().map(|s| s.start).fold(f64::INFINITY, f64::min);
    let end = stages.iter().map(|s| s.start + s.seconds).fold(begin, f64::max);
    let scale = columns as f64 / (end - begin).max(f64::MIN_POSITIVE);
    let line = |stage: &Stage| {
        let before = ((stage.start - begin) * scale).round() as usize;
        let before = before.min(columns.saturating_sub(1));
        let length = ((stage.seconds * scale).round() as usize).clamp(1, columns - before);
        let (dim, good) = (style::DIM, style::GOOD);
        let after = columns - before - length;
        format!(
            "{:<WIDTH$} {dim}{}{dim:#}{good}{}{good:#}{dim}{}{dim:#} {:>7.2} s",
            stage.name,
            "·".repeat(before),
            "█".repeat(length),
            "·".repeat(after),
            stage.seconds
        )
    };
    stages.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::{io, sync::Arc};

    /// A terminal of 36 columns that keeps what is written.
    #[derive(Clone, Debug, Default)]
    struct Narrow(Arc<Mutex<String>>);

    impl TermLike for Narrow {
        fn width(&self) -> u16 {
            36
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(&format!("{line}\n"))
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.write_str("\n")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stage(name: &'static str, start: f64, seconds: f64) -> Stage {
        Stage { name, start, seconds }
    }

    fn plain(line: &str) -> String {
        anstream::adapter::strip_str(line).to_string()
    }

    #[test]
    fn bars_share_one_scale() {
        let stages =
            [stage("first", 1.0, 2.0), stage("second", 3.0, 2.0), stage("blink", 5.0, 0.0)];
        let lines: Vec<_> = timeline(&stages, 8).iter().map(|line| plain(line)).collect();
        assert_eq!(lines[0], "first            ████····    2.00 s");
        assert_eq!(lines[1], "second           ····████    2.00 s");
        assert_eq!(lines[2], "blink            ·······█    0.00 s");
    }

    #[test]
    fn a_single_instant_is_drawn() {
        assert_eq!(
            plain(&timeline(&[stage("only", 0.0, 0.0)], 4)[0]),
            "only             █···    0.00 s"
        );
        assert!(timeline(&[], 4).is_empty());
    }

    #[test]
    fn what_is_left_is_said_where_it_is_known_and_never_zero() {
        assert_eq!(left(0.0, None), "0s");
        assert_eq!(left(7.4, None), "7s");
        assert_eq!(left(1.0, Some(4.2)), "3s left");
        assert_eq!(left(4.0, Some(4.2)), "1s left");
        assert_eq!(left(9.0, Some(4.2)), "9s");
    }

    /// Lines of a terminal of 36 columns, as a newcomer had it: each fits.
    #[test]
    fn bars_fit_a_narrow_terminal() {
        for (items, seconds) in [(2, None), (2, Some(12.0)), (1, Some(12.0)), (1, None)] {
            let terminal = Narrow::default();
            let mut progress = Progress::silent();
            let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
            progress.bars = Some(MultiProgress::with_draw_target(target));
            let bar = progress.bar("prove segments", items, seconds.as_ref());
            bar.tick();
            bar.finish();
            let shown = terminal.0.lock().unwrap().clone();
            assert!(shown.contains("prove segments"), "{shown:?}");
            let widest = shown.lines().map(|line| plain(line).trim_end().chars().count()).max();
            assert!(widest <= Some(36), "{shown:?}");
            assert!(!shown.contains(" 0s left"), "{shown:?}");
        }
    }

    #[test]
    fn notes_stand_under_their_stage() {
        let mut progress = Progress::silent();
        progress.silent = false;
        progress.started("deploy", 1);
        progress.note("  TesseraPool");
        let state = progress.state();
        assert_eq!(state.running["deploy"].notes, ["  TesseraPool"]);
    }

    #[test]
    fn stages_are_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("timings.json");
        let progress = Progress::remembering(path.clone());
        progress.event(Event::Started { stage: tessera_proving::Stage::Aggregate, items: 1 });
        progress.event(Event::Finished { stage: tessera_proving::Stage::Aggregate });
        let seconds = progress.stages()[0].seconds;
        drop(progress);
        let again = Progress::remembering(path);
        assert_eq!(again.state().remembered.get("aggregate x1"), Some(&seconds));
    }

    #[test]
    fn stages_are_kept_in_order() {
        let progress = Progress::new();
        progress.started("outer", 2);
        progress.stage("inner", || ());
        progress.advanced("outer");
        progress.finished("outer");
        let names: Vec<_> = progress.stages().iter().map(|s| s.name).collect();
        assert_eq!(names, ["outer", "inner"]);
    }
}
