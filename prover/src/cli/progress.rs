//! What a long computation is doing: bars on a terminal, plain lines elsewhere.

use super::talk::{style, talk};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    sync::Mutex,
    time::{Duration, Instant},
};
use tessera::pipeline::Event;

const WIDTH: usize = 14; // of a stage's name
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

/// Shows [`Event`]s, and keeps the stages for a timeline. Bars say how long is left once a part of
/// a stage is done, or at once if it is known how long the stage took before.
pub struct Progress {
    begin: Instant,
    bars: Option<MultiProgress>,
    silent: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: BTreeMap<&'static str, (ProgressBar, f64)>,
    done: Vec<Stage>,
}

impl Progress {
    /// Bars if stderr is a terminal.
    pub fn new() -> Self {
        let bars = std::io::stderr()
            .is_terminal()
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { begin: Instant::now(), bars, silent: false, state: Mutex::default() }
    }

    /// Keeps stages and shows nothing.
    pub fn silent() -> Self {
        Self { begin: Instant::now(), bars: None, silent: true, state: Mutex::default() }
    }

    /// Shows an event; for [`tessera::pipeline::Report`].
    pub fn event(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match event {
            Event::Started { stage, items } => {
                let bar = self.bar(stage, items);
                state.running.insert(stage, (bar, self.begin.elapsed().as_secs_f64()));
            }
            Event::Advanced { stage } => {
                if let Some((bar, _)) = state.running.get(stage) {
                    bar.inc(1);
                }
            }
            Event::Finished { stage, seconds } => {
                let now = self.begin.elapsed().as_secs_f64();
                let start = match state.running.remove(stage) {
                    Some((bar, start)) => {
                        bar.finish_and_clear();
                        start
                    }
                    None => now - seconds,
                };
                state.done.push(Stage { name: stage, start, seconds });
                self.line(format_args!("{stage:<WIDTH$} {seconds:>7.2} s"));
            }
        }
    }

    /// Runs `work` as a stage of one part.
    pub fn stage<T>(&self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        self.event(Event::Started { stage, items: 1 });
        let result = work();
        self.event(Event::Finished { stage, seconds: start.elapsed().as_secs_f64() });
        result
    }

    /// [`Self::stage`] for work that waits.
    pub async fn stage_async<T>(&self, stage: &'static str, work: impl Future<Output = T>) -> T {
        let start = Instant::now();
        self.event(Event::Started { stage, items: 1 });
        let result = work.await;
        self.event(Event::Finished { stage, seconds: start.elapsed().as_secs_f64() });
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
        let state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut stages = state.done.clone();
        stages.sort_by(|a, b| a.start.total_cmp(&b.start));
        stages
    }

    fn bar(&self, stage: &'static str, items: usize) -> ProgressBar {
        let Some(bars) = &self.bars else { return ProgressBar::hidden() };
        let bar = bars.add(ProgressBar::new(items as u64));
        let template = match items {
            0 | 1 => "{prefix:14} {spinner} {elapsed}",
            _ => "{prefix:14} [{bar:30}] {pos}/{len}  {elapsed}, {eta} left",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(stage);
        bar.enable_steady_tick(TICK);
        bar
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
        assert_eq!(lines[0], "first          ████····    2.00 s");
        assert_eq!(lines[1], "second         ····████    2.00 s");
        assert_eq!(lines[2], "blink          ·······█    0.00 s");
    }

    #[test]
    fn a_single_instant_is_drawn() {
        assert_eq!(
            plain(&timeline(&[stage("only", 0.0, 0.0)], 4)[0]),
            "only           █···    0.00 s"
        );
        assert!(timeline(&[], 4).is_empty());
    }

    #[test]
    fn stages_are_kept_in_order() {
        let progress = Progress::new();
        progress.event(Event::Started { stage: "outer", items: 2 });
        progress.stage("inner", || ());
        progress.event(Event::Advanced { stage: "outer" });
        progress.event(Event::Finished { stage: "outer", seconds: 0.5 });
        let names: Vec<_> = progress.stages().iter().map(|s| s.name).collect();
        assert_eq!(names, ["outer", "inner"]);
    }
}
