# Tokens that can do one thing each. Their values stand in Terraform's state, and come out by `terraform output -raw <name>_token`.

data "cloudflare_account_api_token_permission_groups_list" "all" {
  account_id = var.account_id
}

locals {
  account_scope = "com.cloudflare.api.account"
  zone_scope    = "com.cloudflare.api.account.zone"
  this_account  = jsonencode({ "com.cloudflare.api.account.${var.account_id}" = "*" })
  this_zone     = jsonencode({ "com.cloudflare.api.account.zone.${var.zone_id}" = "*" })

  # What `npm run deploy` does: upload and deploy versions, attach the custom domain and the triggers, read the data points.
  deploy_account = ["Workers Scripts Write", "Workers KV Storage Read", "Workers R2 Storage Read", "Account Settings Read", "Account Analytics Read"]
  deploy_zone    = ["Workers Routes Write", "Zone Read"]

  # What this configuration does, except that it may make no token: whoever makes tokens can do everything.
  terraform_account = [
    "Workers KV Storage Write", "Workers R2 Storage Write", "Workers R2 Data Catalog Write", "Pipelines Write",
    "Access: Apps and Policies Write", "Account: SSL and Certificates Write", "Account API Tokens Read",
  ]
  terraform_zone = ["Zone Read", "DNS Write", "Zone WAF Write", "Cache Settings Write", "Zone Settings Write", "SSL and Certificates Write"]

  # What a person or a dashboard needs who asks for numbers: Analytics Engine, and the history's table.
  events_account = ["Account Analytics Read", "Workers R2 SQL Read", "Workers R2 Data Catalog Read", "Workers R2 Storage Read"]

  # What a stream's sink needs to write its table.
  sink = ["com.cloudflare.edge.r2.bucket Workers R2 Storage Bucket Item Write", "${local.account_scope} Workers R2 Data Catalog Write"]

  # By scope and name. A name that the platform has changed ends the plan here, instead of making a token that cannot do its work.
  group_ids = { for group in flatten([
    for found in data.cloudflare_account_api_token_permission_groups_list.all.result : [
      for scope in found.scopes : { key = "${scope} ${found.name}", id = found.id }
    ]
  ]) : group.key => group.id... }

  permission_ids = {
    deploy_account    = [for name in local.deploy_account : local.group_ids["${local.account_scope} ${name}"][0]]
    deploy_zone       = [for name in local.deploy_zone : local.group_ids["${local.zone_scope} ${name}"][0]]
    terraform_account = [for name in local.terraform_account : local.group_ids["${local.account_scope} ${name}"][0]]
    terraform_zone    = [for name in local.terraform_zone : local.group_ids["${local.zone_scope} ${name}"][0]]
    events_account    = [for name in local.events_account : local.group_ids["${local.account_scope} ${name}"][0]]
    sink              = [for key in local.sink : local.group_ids[key][0]]
  }
}

resource "cloudflare_account_token" "deploy" {
  account_id = var.account_id
  name       = "parapet-deploy"
  policies = [
    { effect = "allow", permission_groups = [for id in local.permission_ids.deploy_account : { id = id }], resources = local.this_account },
    { effect = "allow", permission_groups = [for id in local.permission_ids.deploy_zone : { id = id }], resources = local.this_zone },
  ]
}

resource "cloudflare_account_token" "terraform" {
  account_id = var.account_id
  name       = "parapet-terraform"
  policies = [
    { effect = "allow", permission_groups = [for id in local.permission_ids.terraform_account : { id = id }], resources = local.this_account },
    { effect = "allow", permission_groups = [for id in local.permission_ids.terraform_zone : { id = id }], resources = local.this_zone },
  ]
}

resource "cloudflare_account_token" "events" {
  account_id = var.account_id
  name       = "parapet-events"
  policies = [
    { effect = "allow", permission_groups = [for id in local.permission_ids.events_account : { id = id }], resources = local.this_account },
  ]
}

output "deploy_token" {
  description = "CLOUDFLARE_API_TOKEN of npm run deploy and of the workflow's environments."
  value       = cloudflare_account_token.deploy.value
  sensitive   = true
}

output "terraform_token" {
  description = "CLOUDFLARE_API_TOKEN of later runs of this configuration."
  value       = cloudflare_account_token.terraform.value
  sensitive   = true
}

output "events_token" {
  description = "For questions to Analytics Engine and to the history's table."
  value       = cloudflare_account_token.events.value
  sensitive   = true
}
