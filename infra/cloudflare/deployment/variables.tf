terraform {
  required_providers {
    cloudflare = {
      source = "cloudflare/cloudflare"
    }
  }
}

variable "account_id" {
  type = string
}

variable "zone_id" {
  type = string
}

variable "deployment" {
  description = "One of var.deployments of the folder above, which says what each field is."
  type = object({
    name              = string
    host              = string
    pulse_host        = string
    download_host     = string
    url_ttl_seconds   = number
    package_lock_days = number
    history_days      = number
    history_stream    = bool
    client_ca         = string
    mtls_host         = string
    console_emails    = list(string)
  })
}

variable "permissions" {
  description = "Ids of permission groups, by whom they are for."
  type        = object({ sink = list(string) })
}
