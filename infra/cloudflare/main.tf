# Everything of Parapet that is not the Worker: its stores, hosts, rules in front, certificates and tokens. The Worker itself, its secrets,
# its custom domain and its cron trigger are wrangler's (README.md says why).

module "deployment" {
  source   = "./deployment"
  for_each = var.deployments

  account_id  = var.account_id
  zone_id     = var.zone_id
  deployment  = each.value
  permissions = local.permission_ids

  # A bucket gets its public host when the rule in front of it is there, and not before.
  depends_on = [cloudflare_ruleset.firewall]
}

output "wrangler" {
  description = "What wrangler.toml needs, for each deployment."
  value       = { for name, made in module.deployment : name => made.wrangler }
}
