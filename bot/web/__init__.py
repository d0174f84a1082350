"""The shopper's door over HTTP: chat page, widget, pay pages, pictures, webhooks."""
