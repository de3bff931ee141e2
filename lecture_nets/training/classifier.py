"""How does any network become a LightningModule that trains safely?"""

import torch
from lightning.pytorch import LightningModule
from torch import nn
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from lecture_nets.training.recipes import QUICK


class ImageClassifier(LightningModule):
    def __init__(self, net, num_classes, *, aux_weight=0.0, recipe=QUICK, lr=None):
        super().__init__()
        self.net = net
        self.recipe = recipe
        self.lr = lr or recipe.lr
        self.aux_weight = aux_weight
        self.criterion = nn.CrossEntropyLoss()
        acc = MetricCollection({"acc": MulticlassAccuracy(num_classes, average="micro")})
        self.train_metrics = acc.clone("train_")
        self.val_metrics = acc.clone("val_")
        self.test_metrics = acc.clone("test_")

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, i):
        x, y = batch
        logits, aux = self.net.forward_with_aux(x)
        loss = self.criterion(logits, y) + self.aux_weight * sum(self.criterion(a, y) for a in aux)
        self.train_metrics.update(logits, y)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        self.log_dict(self.train_metrics, on_step=False, on_epoch=True)
        return loss

    def evaluate(self, batch, name):
        x, y = batch
        logits = self.net(x)
        m = getattr(self, name + "_metrics")
        m.update(logits, y)
        self.log(name + "_loss", self.criterion(logits, y))
        self.log_dict(m)

    def validation_step(self, b, i):
        self.evaluate(b, "val")

    def test_step(self, b, i):
        self.evaluate(b, "test")

    def configure_gradient_clipping(
        self, optimizer, gradient_clip_val=None, gradient_clip_algorithm=None
    ):
        self.clip_gradients(
            optimizer, gradient_clip_val=self.recipe.gradient_clip, gradient_clip_algorithm="norm"
        )

    def configure_optimizers(self):
        r = self.recipe
        if r.optimizer == "adamw":
            opt = torch.optim.AdamW(self.net.parameters(), lr=self.lr, **r.options)
        elif r.optimizer == "sgd":
            opt = torch.optim.SGD(self.net.parameters(), lr=self.lr, **r.options)
        else:
            from timm.optim import RMSpropTF

            opt = RMSpropTF(self.net.parameters(), lr=self.lr, **r.options)
        sch = torch.optim.lr_scheduler.OneCycleLR(
            opt, self.lr, total_steps=self.trainer.estimated_stepping_batches, pct_start=0.2
        )
        return {"optimizer": opt, "lr_scheduler": {"scheduler": sch, "interval": "step"}}
