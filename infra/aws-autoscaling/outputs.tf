output "user_data" {
  description = "For the group's launch template: fetches the code and activates"
  value = templatefile("${path.module}/bootstrap.sh.tftpl", {
    parapet_url = var.parapet_url
    account     = var.account
    region      = data.aws_region.current.name
  })
}

output "parapet_user" {
  description = "IAM user whose access key belongs into AWS_CREDENTIALS"
  value       = aws_iam_user.parapet.name
}

output "undelivered_queue" {
  description = "Events that did not arrive; alarm on its ApproximateNumberOfMessagesVisible"
  value       = aws_sqs_queue.undelivered.url
}
