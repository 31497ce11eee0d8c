"""Sentences, tables and pictures for people; one module a subject."""
