//! What the operator makes on a broker, so that nobody else has to be allowed to.

use crate::{
    FarmError, Members, Role,
    access::Farm,
    layout::{Queue, Tenant, TenantStreams},
};
use std::time::Duration;

/// Makes the streams and the queues of every tenant among `members` on the broker of `farm`; a job whose
/// worker is silent for `lease` goes to another one. What is there keeps its jobs, and gets this lease.
pub async fn set_up(
    farm: &Farm,
    members: &Members,
    lease: Duration,
) -> Result<Vec<Tenant>, FarmError> {
    let mut tenants = vec![];
    for member in members.members.iter().filter(|member| member.role == Role::Tenant) {
        let tenant: Tenant = member.name.parse()?;
        let streams = TenantStreams::open(&farm.context, &farm.asking, &tenant).await?;
        for queue in Queue::all_of(&tenant) {
            streams.set_up(&farm.asking, &queue, lease).await?;
        }
        tenants.push(tenant);
    }
    Ok(tenants)
}
