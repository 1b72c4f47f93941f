"""What Scrubjay is delivered with: an inventory of it (`make sbom`), and a look at it (`make audit`)."""
