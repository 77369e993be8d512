"""A Cinder volume driver that keeps no data: what Cinder's own fake driver leaves to a real disk is answered here."""
import io

from cinder.tests import fake_driver


class VolumesWithoutDisk(fake_driver.FakeLoggingVolumeDriver):
    def extend_volume(self, volume, new_size):
        pass

    def copy_image_to_volume(self, context, volume, image_service, image_id, disable_sparse=False):
        # Reading it tells, as with a real disk, that the image exists and may be read.
        image_service.download(context, image_id, io.BytesIO())

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        image_service.update(context, image_meta['id'], {}, io.BytesIO(b'\0' * 65536))
