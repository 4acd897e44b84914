"""The deal between two members: proposed, agreed, done, confirmed."""
