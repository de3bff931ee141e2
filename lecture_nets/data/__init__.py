"""Data modules: where images come from."""

from lecture_nets.data.base import ImageDataModule as ImageDataModule
from lecture_nets.data.hierarchy_world import HierarchyWorldDataModule as HierarchyWorldDataModule
from lecture_nets.data.image_folder import ImageFolderDataModule as ImageFolderDataModule
from lecture_nets.data.parts_world import PartsWorldDataModule as PartsWorldDataModule
from lecture_nets.data.shards import ShardsDataModule as ShardsDataModule
from lecture_nets.data.shards import write_shards as write_shards
from lecture_nets.data.torchvision_sets import TorchvisionDataModule as TorchvisionDataModule
