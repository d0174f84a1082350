"""The shop's side of the payment simulator, the demo shop's bank: an HTTP client with signed requests and webhooks.

The protocol, version 1. Bodies are JSON in UTF-8. Every request in either direction carries

    X-Simulator-Timestamp: <Unix seconds, decimal>
    X-Simulator-Signature: <hex HMAC-SHA256(secret, timestamp + "." + raw body)>   (no body is the empty string)

and is refused with 401 when the signature is wrong or the timestamp is more than 300 s away.

    POST /simulator/v1/sessions {"reference", "amount", "currency", "return_url", "notify_url"}
        201 with a session; 200 with the same session when the reference is known; 409 when its amount differs.
    GET  /simulator/v1/sessions/{id}         200 with the session, 404
    POST /simulator/v1/sessions/{id}/close   200 with the session: "closed", or "paid" when the payment was first
    POST /simulator/v1/refunds {"session", "key", "amount"}
        200 with a refund; the same key gives the same refund; 409 when the session is not paid or the sum of refunds
        would be more than was paid.
    GET  /simulator/v1/refunds/{key}         200 with the refund, 404

    session: {"id", "reference", "amount": minor units, "currency", "state": "open" | "processing" | "paid" | "closed",
              "url": the pay page}. A declined attempt leaves it open.
    refund:  {"key", "session", "amount", "currency", "state": "pending" | "succeeded" | "failed"}

    Webhook: POST notify_url {"event_id", "type", "session", "reference", "amount", "currency", "refund_key"?}
        type: payment.succeeded | payment.failed | session.closed | refund.succeeded | refund.failed
        Answered 2xx when stored. It may come twice, late, in any order or never: the shop asks for the state itself.
"""
