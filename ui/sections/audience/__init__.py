"""The sections of the page Audience: build it, know it, expect from it, respect rules, take it away, keep it, and see whether it worked."""
