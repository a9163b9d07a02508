//! The fields of the file that matter; others are skipped.

use super::{MAX_CATEGORIES_TEXT, MAX_FEATURES};
use crate::json::{Bounded, Flag, Num};
use serde::Deserialize;
use tessera_model::{MAX_NODES, MAX_TREES, schema::MAX_CODES};

#[derive(Deserialize)]
pub(super) struct File {
    pub learner: Learner,
    #[serde(default)]
    pub version: Bounded<Num<u32>, 8>,
}

#[derive(Deserialize)]
pub(super) struct Learner {
    #[serde(default)]
    pub attributes: Attributes,
    #[serde(default)]
    pub feature_names: Bounded<String, MAX_FEATURES>,
    pub gradient_booster: Booster,
    pub learner_model_param: LearnerParam,
    pub objective: Objective,
}

#[derive(Default, Deserialize)]
pub(super) struct Attributes {
    pub best_iteration: Option<String>,
    /// Trees up to the best iteration, as versions before 2.0 wrote it.
    pub best_ntree_limit: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct LearnerParam {
    pub base_score: String,
    pub num_class: Option<String>,
    pub num_feature: String,
    pub num_target: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Objective {
    pub name: String,
    pub reg_loss_param: Option<LossParam>,
}

#[derive(Deserialize)]
pub(super) struct LossParam {
    pub scale_pos_weight: Option<String>,
}

/// A `gbtree` has its model in itself, a `dart` has a `gbtree` in itself.
#[derive(Deserialize)]
pub(super) struct Booster {
    pub name: String,
    pub model: Option<Forest>,
    pub gbtree: Option<Gbtree>,
    #[serde(default)]
    pub weight_drop: Bounded<Num<f32>, MAX_TREES>,
}

#[derive(Deserialize)]
pub(super) struct Gbtree {
    pub model: Forest,
}

#[derive(Deserialize)]
pub(super) struct Forest {
    #[serde(default)]
    pub trees: Bounded<TreeJson, MAX_TREES>,
    #[serde(default)]
    pub tree_info: Bounded<Num<i64>, MAX_TREES>,
    pub iteration_indptr: Option<Bounded<Num<usize>, { MAX_TREES + 1 }>>,
    pub gbtree_model_param: Option<ForestParam>,
    pub cats: Option<Cats>,
}

#[derive(Deserialize)]
pub(super) struct ForestParam {
    pub num_parallel_tree: Option<String>,
}

/// The model's own lists of categories, when it was trained on a data frame that has them: a list
/// for each feature.
#[derive(Deserialize)]
pub(super) struct Cats {
    #[serde(default)]
    pub enc: Bounded<Categories, MAX_FEATURES>,
}

/// The categories of a feature, in the order in which trees count them; none for numbers.
#[derive(Deserialize)]
pub(super) struct Categories {
    /// Where each text starts and ends, for texts.
    pub offsets: Option<Bounded<Num<usize>, { MAX_CODES + 1 }>>,
    /// The bytes of the texts, or integers.
    #[serde(default)]
    pub values: Bounded<Num<i64>, MAX_CATEGORIES_TEXT>,
}

#[derive(Deserialize)]
pub(super) struct TreeJson {
    pub tree_param: TreeParam,
    pub left_children: Bounded<Num<i64>, MAX_NODES>,
    pub right_children: Bounded<Num<i64>, MAX_NODES>,
    pub split_indices: Bounded<Num<u64>, MAX_NODES>,
    pub split_conditions: Bounded<Num<f32>, MAX_NODES>,
    pub default_left: Bounded<Flag, MAX_NODES>,
    #[serde(default)]
    pub split_type: Bounded<Num<u8>, MAX_NODES>,
    #[serde(default)]
    pub categories: Bounded<Num<u32>, MAX_NODES>,
    #[serde(default)]
    pub categories_nodes: Bounded<Num<usize>, MAX_NODES>,
    #[serde(default)]
    pub categories_segments: Bounded<Num<usize>, MAX_NODES>,
    #[serde(default)]
    pub categories_sizes: Bounded<Num<usize>, MAX_NODES>,
}

#[derive(Deserialize)]
pub(super) struct TreeParam {
    pub num_nodes: String,
    pub size_leaf_vector: Option<String>,
}
