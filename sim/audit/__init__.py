"""Laws that every replication must keep, whatever the parameters, and the audit that holds replications against them."""
