terraform {
  required_version = ">= 1.5"
  required_providers {
    cloudflare = {
      source = "cloudflare/cloudflare"
      # 5.19 is the first with cloudflare_r2_data_catalog and cloudflare_pipeline_sink.
      version = ">= 5.19, < 6"
    }
  }
}

# The token comes from CLOUDFLARE_API_TOKEN.
provider "cloudflare" {}
