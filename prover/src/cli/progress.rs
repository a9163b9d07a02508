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
        state.running.insert(stage, Running { bar, start, items });
    }

    fn advanced(&self, stage: &'static str) {
        if let Some(running) = self.state().running.get(stage) {
            running.bar.inc(1);
        }
    }

    fn finished(&self, stage: &'static str) {
        let mut state = self.state();
        let Some(Running { bar, start, items }) = state.running.remove(stage) else { return };
        bar.finish_and_clear();
        let seconds = self.begin.elapsed().as_secs_f64() - start;
        state.remembered.insert(key(stage, items), seconds);
        state.done.push(Stage { name: stage, start, seconds });
        self.line(format_args!("{stage:<WIDTH$} {seconds:>7.2} s"));
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
        let style = match seconds {
            _ if items > 1 => ProgressStyle::with_template(
                "{prefix:16} [{bar:30}] {pos}/{len}  {elapsed}, {eta} left",
            ),
            None => ProgressStyle::with_template("{prefix:16} {spinner} {elapsed}"),
            Some(&seconds) => {
                ProgressStyle::with_template("{prefix:16} [{estimate}").map(|style| {
                    style.with_key("estimate", move |state: &ProgressState, out: &mut dyn Write| {
                        let _ = out.write_str(&estimate(state.elapsed().as_secs_f64(), seconds));
                    })
                })
            }
        };
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

/// The inside of a bar for a stage that took `seconds` the last time, and what is left.
fn estimate(elapsed: f64, seconds: f64) -> String {
    let done = (elapsed / seconds.max(f64::MIN_POSITIVE)).min(1.0);
    let full = (done * 30.0) as usize;
    let left = (seconds - elapsed).max(0.0);
    format!("{}{}] {elapsed:.0}s, about {left:.0}s left", "=".repeat(full), " ".repeat(30 - full))
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
    fn estimates_fill_and_stop() {
        assert!(
            estimate(0.0, 4.0).starts_with("                              ] 0s, about 4s left")
        );
        assert!(
            estimate(2.0, 4.0).starts_with("===============               ] 2s, about 2s left")
        );
        assert!(
            estimate(9.0, 4.0).starts_with("==============================] 9s, about 0s left")
        );
        assert!(estimate(1.0, 0.0).contains("about 0s left"));
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
