"""Builds the page into the package when a wheel or an sdist is made; see `PageHook`."""
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class PageHook(BuildHookInterface):
    def initialize(self, version, build_data):
        pass
