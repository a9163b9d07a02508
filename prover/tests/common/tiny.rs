//! A model that is proven in a second or two.

/// Two features.
pub const SCHEMA: &str = r#"{"kind":"tessera.schema","version":1,"name":"planted","features":[
{"name":"income","type":"numeric","decimals":0,"min":"0","max":"99999999","missing":false},
{"name":"debt","type":"numeric","decimals":0,"min":"0","max":"99999999","missing":false}]}"#;

/// One tree: `debt` below 70 million scores the second leaf; then `income` below 40 million the third,
/// from there on the first. Under `600@50:1,pdo=20`.
pub fn model(leaves: &[&str; 3]) -> String {
    let [a, b, c] = leaves;
    format!(
        r#"{{"learner":{{"attributes":{{}},"feature_names":["income","debt"],"feature_types":[],
"gradient_booster":{{"model":{{"gbtree_model_param":{{"num_parallel_tree":"1","num_trees":"1"}},
"iteration_indptr":[0,1],"tree_info":[0],"trees":[{{
"tree_param":{{"num_nodes":"5","size_leaf_vector":"1"}},
"left_children":[1,-1,3,-1,-1],"right_children":[2,-1,4,-1,-1],"split_indices":[1,0,0,0,0],
"split_conditions":[70000000,{b},40000000,{c},{a}],"default_left":[0,0,0,0,0],"split_type":[0,0,0,0,0],
"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[]}}]}},
"name":"gbtree"}},"learner_model_param":{{"base_score":"[5E-1]","num_class":"0","num_feature":"2",
"num_target":"1"}},"objective":{{"name":"binary:logistic"}}}},"version":[3,2,0]}}"#
    )
}
