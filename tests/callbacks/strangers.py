"""Another's LightningModule around torchvision's networks: plain style, knows nothing of us."""

from lightning.pytorch import LightningModule
from torch import nn, optim
from torchvision import models


class Stranger(LightningModule):
    """One of torchvision's networks by name, with its auxiliary heads where it has any."""

    def __init__(self, name: str = "googlenet", num_classes: int = 10):
        super().__init__()
        self.save_hyperparameters()
        quick = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        self.model = models.get_model(name, weights=None, num_classes=num_classes, **quick)
        self.criterion = nn.CrossEntropyLoss()
        self.aux_weight = 0.3

    def forward(self, images):
        return self.model(images)

    def training_step(self, batch, batch_idx):
        images, labels = batch
        output = self.model(images)
        logits, *aux = output if isinstance(output, tuple) else (output,)
        loss = self.criterion(logits, labels)
        return loss + self.aux_weight * sum(self.criterion(each, labels) for each in aux)

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.criterion(self.model(batch[0]), batch[1]))

    def configure_optimizers(self):
        return optim.SGD(self.parameters(), lr=0.01, momentum=0.9)
